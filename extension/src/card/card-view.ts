// What the card shows, and its controls. Text of a model or a page only ever becomes text nodes.

import type { AnswerState } from "../shared/answer-state";
import { isRunning } from "../shared/answer-state";
import {
  answerLabel,
  engineBadge,
  engineDetails,
  errorSentence,
  markAnswer,
  stateSentence,
} from "../shared/answer-text";
import { SUMMARY_LENGTHS } from "../shared/assist-messages";
import { CloudPart } from "../shared/cloud-part";
import { copyText } from "../shared/copy";
import { t } from "../shared/i18n";
import type { SummaryLength } from "../shared/protocol";

export interface CardActions {
  stop(): void;
  again(): void;
  close(): void;
  setLength(length: SummaryLength): void;
  /** Take up the offer of the endpoint. */
  askCloud(): void;
  stopCloud(): void;
}

const LENGTH_KEYS: Record<SummaryLength, string> = { short: "lengthShort", medium: "lengthMedium", long: "lengthLong" };

export class CardView {
  readonly dialog = document.createElement("dialog");
  readonly handle = button("handle", t("cardMove"), "⠿");
  readonly #notice = make("p", "notice");
  readonly #text = make("div", "text");
  readonly #state = make("p", "state");
  readonly #error = make("p", "error");
  readonly #label = make("p", "label");
  readonly #engine = document.createElement("details");
  readonly #badge = document.createElement("summary");
  readonly #details = make("div", "details");
  readonly #cloud: CloudPart;
  readonly #stop = button("stop", "", t("stop"));
  readonly #again = button("again", "", t("again"));
  readonly #copy = button("copy", "", t("copy"));
  readonly #copied = t("copied");
  readonly #copyFailed = t("copyFailed");

  constructor(actions: CardActions) {
    const title = make("h2", "title");
    title.id = "title";
    title.textContent = t("cardTitle");
    const close = button("close", t("close"), "✕");
    const header = make("header", "header");
    header.append(this.handle, title, this.#lengths(actions), close);
    this.#engine.append(this.#badge, this.#details);
    const footer = make("footer", "footer");
    footer.append(this.#engine, this.#stop, this.#again, this.#copy);

    this.dialog.className = "card";
    this.dialog.tabIndex = -1;
    this.dialog.dir = t("@@bidi_dir") === "rtl" ? "rtl" : "ltr";
    this.dialog.lang = t("@@ui_locale").replace("_", "-");
    this.dialog.setAttribute("aria-labelledby", "title");
    this.#text.dir = "auto";
    this.#text.tabIndex = 0;
    this.#text.setAttribute("role", "region");
    this.#text.setAttribute("aria-label", t("cardTitle"));
    // Read out when it is complete: word by word nobody could follow.
    this.#text.setAttribute("aria-live", "polite");
    this.#state.setAttribute("role", "status");
    this.#error.setAttribute("role", "alert");
    this.#cloud = new CloudPart((text) => document.createTextNode(text), {
      ask: () => actions.askCloud(),
      stop: () => actions.stopCloud(),
    });
    this.dialog.append(
      header,
      this.#notice,
      this.#text,
      this.#state,
      this.#error,
      this.#label,
      this.#cloud.element,
      footer,
    );

    this.#stop.addEventListener("click", () => actions.stop());
    this.#again.addEventListener("click", () => actions.again());
    close.addEventListener("click", () => actions.close());
    this.#copy.addEventListener("click", () => void this.#copyText());
    this.setNotice("");
  }

  setNotice(notice: string): void {
    setLine(this.#notice, notice);
  }

  /** Nothing to summarise, or nobody to do it any more. */
  showNothing(why: string): void {
    setLine(this.#state, why);
    for (const part of [
      this.#notice,
      this.#text,
      this.#error,
      this.#label,
      this.#cloud.element,
      this.#engine,
      this.#stop,
      this.#again,
      this.#copy,
    ]) {
      part.hidden = true;
    }
  }

  /** `cloud`: the endpoint's answer, as far as it has come; null if nobody asked for one. */
  show(state: AnswerState, cloud: AnswerState | null): void {
    const running = isRunning(state);
    this.#text.setAttribute("aria-busy", String(running));
    this.#text.textContent = state.text;
    this.#text.hidden = state.text === "";
    setLine(this.#state, stateSentence(state, t("cardWorking")));
    setLine(this.#error, state.error ? errorSentence(state.error) : "");
    setLine(this.#label, state.answer ? answerLabel(state.answer) : "");
    this.#engine.hidden = state.answer === null;
    if (state.answer) {
      markAnswer(this.#engine, state.answer);
      this.#badge.textContent = engineBadge(state.answer);
      const lines = engineDetails(state.answer, state.decision);
      this.#badge.title = lines.join("\n");
      this.#details.replaceChildren(
        ...lines.map((line) => {
          const paragraph = document.createElement("p");
          paragraph.textContent = line;
          return paragraph;
        }),
      );
    }
    this.#cloud.show(state, cloud);
    this.#replaceFocused(running);
    this.#copy.hidden = state.text === "" || running;
  }

  /** Stop and Again take each other's place; a focus on the one goes to the other. */
  #replaceFocused(running: boolean): void {
    const root = this.dialog.getRootNode();
    const focused = root instanceof ShadowRoot ? root.activeElement : null;
    const [shown, hidden] = running ? [this.#stop, this.#again] : [this.#again, this.#stop];
    shown.hidden = false;
    if (focused === hidden) shown.focus({ preventScroll: true });
    hidden.hidden = true;
  }

  #lengths(actions: CardActions): HTMLSelectElement {
    const select = document.createElement("select");
    select.setAttribute("aria-label", t("lengthLabel"));
    for (const length of SUMMARY_LENGTHS)
      select.add(new Option(t(LENGTH_KEYS[length]), length, false, length === "medium"));
    select.addEventListener("change", () => {
      const length = SUMMARY_LENGTHS.find((known) => known === select.value);
      if (length) actions.setLength(length);
    });
    return select;
  }

  async #copyText(): Promise<void> {
    const copied = await copyText(this.#text.textContent ?? "", this.dialog);
    setLine(this.#state, copied ? this.#copied : this.#copyFailed);
  }
}

function make(tag: string, className: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

/** `label` is for screen readers, where the text is a sign and no word. */
function button(className: string, label: string, text: string): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = className;
  element.textContent = text;
  if (label) {
    element.setAttribute("aria-label", label);
    element.title = label;
  }
  return element;
}

function setLine(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}
