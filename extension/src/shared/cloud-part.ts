// The endpoint's part of an answer, in the card and in the chat: the offer with its reason, and what came back. It stands
// below the local answer and never in its place.

import { type AnswerState, isOffered, isRunning } from "./answer-state";
import { cloudSentence, engineBadge, engineDetails, markAnswer, offerSentence } from "./answer-text";
import { t } from "./i18n";

export interface CloudActions {
  /** Look at what would be sent. */
  ask(): void;
  stop(): void;
}

export class CloudPart {
  readonly element = document.createElement("section");
  readonly #render: (text: string) => Node;
  readonly #why = make("p", "cloud-why");
  readonly #ask = button("cloud-ask", t("cloudAsk"));
  readonly #body = make("div", "cloud-body");
  readonly #state = make("p", "cloud-state");
  readonly #stop = button("cloud-stop", t("stop"));
  readonly #engine = document.createElement("details");
  readonly #badge = document.createElement("summary");
  #shown = "";

  /** `buttonClass`: how buttons look where this stands. */
  constructor(render: (text: string) => Node, actions: CloudActions, buttonClass = "") {
    this.#render = render;
    this.element.className = "cloud";
    this.element.setAttribute("aria-label", t("cloudPart"));
    this.#engine.className = "cloud-engine";
    this.#badge.className = "cloud-badge";
    this.#body.dir = "auto";
    this.#state.setAttribute("role", "status");
    for (const one of [this.#ask, this.#stop]) if (buttonClass) one.classList.add(...buttonClass.split(" "));
    this.element.append(this.#why, this.#ask, this.#body, this.#state, this.#stop, this.#engine);
    // Scripts of a page can make clicks; only the browser can make real ones.
    this.#ask.addEventListener("click", (event) => event.isTrusted && actions.ask());
    this.#stop.addEventListener("click", (event) => event.isTrusted && actions.stop());
  }

  /** `local` is the answer that stands above, `cloud` the endpoint's as far as it has come. */
  show(local: AnswerState, cloud: AnswerState | null): void {
    // A user who said no, and whoever met an error, may look again.
    const canAsk = isOffered(local) && (cloud === null || cloud.phase === "failed" || cloud.phase === "stopped");
    this.element.hidden = !canAsk && cloud === null;
    if (this.element.hidden) return;
    setLine(this.#why, canAsk && local.decision ? offerSentence(local.decision) : "");
    this.#ask.hidden = !canAsk;
    this.#stop.hidden = cloud === null || !isRunning(cloud);
    const text = cloud?.text ?? "";
    if (text !== this.#shown) {
      this.#shown = text;
      this.#body.replaceChildren(this.#render(text));
    }
    this.#body.hidden = text === "";
    this.element.setAttribute("aria-busy", String(cloud !== null && isRunning(cloud)));
    setLine(this.#state, cloud ? cloudSentence(cloud) : "");
    const answer = cloud?.answer ?? null;
    this.#engine.hidden = answer === null;
    if (!answer) return;
    markAnswer(this.#engine, answer);
    this.#badge.textContent = engineBadge(answer);
    const lines = engineDetails(answer).map((line) => {
      const paragraph = make("p", "quiet");
      paragraph.textContent = line;
      return paragraph;
    });
    this.#engine.replaceChildren(this.#badge, ...lines);
  }
}

function make(tag: string, className: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

function button(className: string, text: string): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = className;
  element.textContent = text;
  return element;
}

function setLine(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}
