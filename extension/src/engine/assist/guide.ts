// What the router asks before it sends a request anywhere, and behind every try: core's policy, with what is known here.

import type { TextRequest } from "../../shared/assist-messages";
import type {
  Attempt,
  AttemptOutcome,
  Escalation,
  RouteDecision,
  RouteTask,
  Tier,
  WireError,
} from "../../shared/protocol";

/** The way of one request, under the settings as they were when it was asked. */
export interface Course {
  /** Where next, after these tries. */
  decide(attempts: readonly Attempt[]): RouteDecision;
  /** The request for the endpoint, once the user takes the offer up. */
  escalation(attempts: readonly Attempt[]): Escalation;
  /** Why the host was passed over, as a sentence; empty where there is nothing to say. */
  why(decision: RouteDecision): string;
  /** Why the browser's own engine cannot answer; null where it may. */
  browserFailure(): WireError | null;
}

export interface Guide {
  /** Calls one of the two back, once. `site`: origin that the text comes from. */
  begin(
    request: TextRequest,
    site: string | null,
    ready: (course: Course) => void,
    failed: (error: WireError) => void,
  ): void;
  /** What came of a try, to be remembered for the next request. */
  tried(tier: Tier, outcome: AttemptOutcome): void;
}

export function taskOf(request: TextRequest): RouteTask {
  return request.type;
}

/** Everything that a model would read, in UTF-16 code units. */
export function inputUtf16(request: TextRequest): number {
  if (request.type === "summarize") return request.text.length;
  const said = request.messages.reduce((sum, { text }) => sum + text.length, 0);
  return said + (request.page ? request.page.title.length + request.page.text.length : 0);
}
