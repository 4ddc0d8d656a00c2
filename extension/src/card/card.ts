// The summary card: one `<sotto-card>` on the root element with a closed shadow root, there from the order to the close.
// Asks for the summary over the port and shows it as it comes. **Nothing else of the page is touched.**

import { isExtensionAlive } from "../content/extension-alive";
import { type AnswerState, isRunning, newAnswer, withEvent } from "../shared/answer-state";
import { AssistClient } from "../shared/assist-client";
import { t } from "../shared/i18n";
import type { CardOrder } from "../shared/messages";
import type { SummaryLength } from "../shared/protocol";
import { CardFrame } from "./card-frame";
import { CardView } from "./card-view";

export class Card {
  readonly #order: CardOrder;
  readonly #client = new AssistClient();
  readonly #view: CardView;
  readonly #frame: CardFrame;
  #state: AnswerState = newAnswer();
  #cloud: AnswerState | null = null;
  #length: SummaryLength = "medium";
  /** Read now: once the extension is reloaded under this script, no message can be had any more. */
  readonly #orphaned = t("cardOrphaned");
  #cancel: () => void = () => undefined;
  #cancelCloud: () => void = () => undefined;

  constructor(order: CardOrder) {
    this.#order = order;
    this.#view = new CardView({
      stop: () => this.#cancel(),
      again: () => this.#start(),
      close: () => this.close(),
      setLength: (length) => {
        this.#length = length;
        this.#start();
      },
      askCloud: () => this.#askCloud(),
      stopCloud: () => this.#cancelCloud(),
    });
    this.#frame = new CardFrame(this.#view, order.rect, () => this.close());
    this.#start();
  }

  close(): void {
    this.#client.close();
    this.#frame.remove();
  }

  #start(): void {
    this.#cancel();
    this.#cancelCloud();
    this.#cloud = null;
    if (!isExtensionAlive()) {
      this.#view.showNothing(this.#orphaned);
      return;
    }
    this.#state = newAnswer();
    const { text, isSecret, isCut } = this.#order;
    if (isSecret || text === "") {
      this.#view.showNothing(isSecret ? t("cardSecret") : t("cardNothingSelected"));
      return;
    }
    this.#view.setNotice(isCut ? t("cardCut", text.length.toLocaleString()) : "");
    this.#view.show(this.#state, null);
    let current = true;
    const stop = this.#client.request({ type: "summarize", text, length: this.#length }, (event) => {
      if (!current) return;
      this.#state = withEvent(this.#state, event);
      this.#show();
    });
    this.#cancel = () => {
      if (isRunning(this.#state)) stop();
      current = false;
    };
  }

  /** The sheet asks before anything leaves; the summary stays where it is. */
  #askCloud(): void {
    const { offer } = this.#state;
    if (offer === null || (this.#cloud && isRunning(this.#cloud))) return;
    this.#cloud = newAnswer();
    this.#show();
    let current = true;
    const stop = this.#client.request({ type: "askCloud", offer }, (event) => {
      if (!current || !this.#cloud) return;
      this.#cloud = withEvent(this.#cloud, event);
      this.#show();
    });
    this.#cancelCloud = () => {
      if (this.#cloud && isRunning(this.#cloud)) stop();
      current = false;
    };
  }

  #show(): void {
    if (isExtensionAlive()) this.#view.show(this.#state, this.#cloud);
    else this.#view.showNothing(this.#orphaned);
  }
}
