// What answers: the host, or the engine page of the browser. The router knows no more of either than this.

import type { TierRequest } from "../../shared/assist-messages";
import type { EventSink } from "../../shared/pending-requests";
import type { ConsentAnswer, ConsentRequest, WireError } from "../../shared/protocol";

export interface TierOutputs {
  /** Every event of the request; the ids in them are the tier's own. */
  event: EventSink;
  /** Instead of any event: this tier cannot be reached. Nothing was sent, so another one may take the request. */
  unavailable(error: WireError): void;
  /**
   * The host asks whether a payload may leave. `answer` does nothing once the request has ended. Where nobody listens, the
   * answer is no.
   */
  asked?(question: ConsentRequest, answer: (answer: ConsentAnswer) => void): void;
}

export interface AssistTier {
  /** Starts a request and returns a function that cancels it. It ends exactly once, through one of the outputs. */
  run(request: TierRequest, outputs: TierOutputs): () => void;
}
