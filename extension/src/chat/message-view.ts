// One message of the chat. An answer has its state, its label, the badge of its engine, and what can be done with it.

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
import { CloudPart } from "../shared/cloud-part";
import { copyText } from "../shared/copy";
import { t } from "../shared/i18n";
import type { AnswerInfo, RouteDecision } from "../shared/protocol";
import type { ChatEntry } from "./chat-log";

export interface MessageActions {
  retry(): void;
  askCloud(): void;
  stop(): void;
}

export class MessageView {
  readonly element = document.createElement("li");
  readonly #render: (text: string) => DocumentFragment;
  readonly #body = part("div", "body");
  readonly #state = part("p", "state quiet");
  readonly #error = part("p", "problem");
  readonly #footer = part("div", "foot");
  readonly #cloud: CloudPart;
  #shown = "";

  constructor(entry: ChatEntry, render: (text: string) => DocumentFragment, isLast: boolean, actions: MessageActions) {
    this.#render = render;
    this.element.className = `message ${entry.role}`;
    const who = part("span", "visually-hidden");
    who.textContent = entry.role === "user" ? t("chatYou") : t("chatSotto");
    this.#body.dir = "auto";
    this.#cloud = new CloudPart(render, { ask: () => actions.askCloud(), stop: () => actions.stop() }, "button small");
    this.element.append(who, this.#body);
    if (entry.role === "user") {
      this.#body.textContent = entry.text;
      return;
    }
    this.#error.setAttribute("role", "alert");
    this.element.append(this.#state, this.#error, this.#footer, this.#cloud.element);
    this.show(entry.state, entry.cloud ?? null, isLast);
    if (!isRunning(entry.state)) this.#finish(entry.state, isLast, actions);
  }

  /** The answer as far as it has come, and the endpoint's. Only the last answer can still be put to it. */
  show(state: AnswerState, cloud: AnswerState | null, isLast: boolean): void {
    if (state.text !== this.#shown) {
      this.#shown = state.text;
      this.#body.replaceChildren(this.#render(state.text));
    }
    this.#cloud.show(isLast ? state : { ...state, offer: null }, cloud);
    this.element.setAttribute("aria-busy", String(isRunning(state) || (cloud !== null && isRunning(cloud))));
    setLine(this.#state, stateSentence(state, t("chatWorking")));
    setLine(this.#error, state.error ? errorSentence(state.error) : "");
  }

  #finish(state: AnswerState, isLast: boolean, actions: MessageActions): void {
    if (state.answer) this.#footer.append(engineView(state.answer, state.decision));
    if (state.text !== "") {
      const copy = this.#button("copy", t("copy"), () => {
        void copyText(state.text, this.element).then((copied) => {
          copy.textContent = copied ? t("copied") : t("copyFailed");
        });
      });
    }
    if (isLast) this.#button("retry", t("again"), () => actions.retry());
  }

  #button(className: string, text: string, onClick: () => void): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `button small ${className}`;
    button.textContent = text;
    button.addEventListener("click", onClick);
    this.#footer.append(button);
    return button;
  }
}

function engineView(answer: AnswerInfo, decision: RouteDecision | null): HTMLDetailsElement {
  const details = document.createElement("details");
  details.className = "engine";
  markAnswer(details, answer);
  const badge = document.createElement("summary");
  badge.className = "badge";
  badge.textContent = engineBadge(answer);
  const lines = [answerLabel(answer), ...engineDetails(answer, decision)];
  badge.title = lines.join("\n");
  details.append(
    badge,
    ...lines.map((line) => {
      const paragraph = part("p", "quiet");
      paragraph.textContent = line;
      return paragraph;
    }),
  );
  if (answer.engine.tier === "browser") {
    const setUp = document.createElement("button");
    setUp.type = "button";
    setUp.className = "button small";
    setUp.textContent = t("hostSetUp");
    setUp.addEventListener("click", () => void chrome.runtime.openOptionsPage());
    details.append(setUp);
  }
  return details;
}

function part(tag: string, className: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

function setLine(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}
