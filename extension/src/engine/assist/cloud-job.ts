// An offer that was taken up: the host rebuilds and redacts it, the sheet asks the user, the host sends what was agreed to.
// Nothing here can send anything: a yes is a yes only with the host's own question and the sum of the bytes on the screen.

import type { AssistEvent } from "../../shared/assist-messages";
import { wireError } from "../../shared/errors";
import { isLast } from "../../shared/pending-requests";
import type { ConsentAnswer, ConsentRequest, Observation, WireError } from "../../shared/protocol";
import type { Offer } from "./offers";
import type { AssistTier } from "./tier";

/** Who puts questions to the user. */
export interface ConsentAsker {
  /** Shows a question; the function that comes back takes it off the screen. `answer` is called at most once. */
  ask(question: ConsentRequest, answer: (answer: ConsentAnswer) => void): () => void;
}

export interface CloudJobParts {
  host: AssistTier;
  consent: ConsentAsker;
  observe(observation: Observation): void;
}

export class CloudJob {
  readonly #parts: CloudJobParts;
  readonly #id: number;
  readonly #offer: Offer;
  readonly #post: (event: AssistEvent) => void;
  #ended = false;
  #isAgreed = false;
  #cancelTier: () => void = () => undefined;
  #withdraw: () => void = () => undefined;

  constructor(parts: CloudJobParts, id: number, offer: Offer, post: (event: AssistEvent) => void) {
    this.#parts = parts;
    this.#id = id;
    this.#offer = offer;
    this.#post = post;
  }

  start(): void {
    const escalation = this.#offer.escalation();
    const cancel = this.#parts.host.run(
      { type: "escalate", id: this.#id, escalation },
      {
        // The question is not the asker's: what it stands for in clear has no business in a page.
        event: (event) => {
          if (event.type === "decision" || event.type === "consent") return;
          if (event.type === "done") this.#done(event.answer.timing.totalMs);
          this.#forward({ ...event, id: this.#id });
        },
        unavailable: (error) => this.#fail(error),
        asked: (question, answer) => {
          // The new one first: it takes the place of the one that the user changed.
          const withdrawOlder = this.#withdraw;
          this.#withdraw = this.#parts.consent.ask(question, (given) => {
            if (given.choice.type === "once" || given.choice.type === "site") this.#agreed();
            answer(given);
          });
          withdrawOlder();
        },
      },
    );
    if (!this.#ended) this.#cancelTier = cancel;
  }

  cancel(): void {
    this.#cancelTier();
    this.#fail(wireError("cancelled", "Stopped.", true));
  }

  #agreed(): void {
    if (this.#isAgreed) return;
    this.#isAgreed = true;
    this.#parts.observe({ type: "escalationAccepted" });
  }

  #done(totalMs: number): void {
    // Under a permission for the site nobody was asked.
    this.#agreed();
    this.#parts.observe({ type: "answered", task: this.#offer.task, tier: "cloud", latencyMs: Math.round(totalMs) });
  }

  #fail(error: WireError): void {
    this.#forward({ type: "error", id: this.#id, error });
  }

  #forward(event: AssistEvent): void {
    if (this.#ended) return;
    if (isLast(event)) {
      this.#ended = true;
      this.#withdraw();
    }
    this.#post(event);
  }
}
