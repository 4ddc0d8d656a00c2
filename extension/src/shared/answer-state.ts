// One answer while it is being written, for the summary card and the chat: what has arrived, and how it ended. Pure.

import type { AssistEvent } from "./assist-messages";
import type { AnswerInfo, RouteDecision, WireError } from "./protocol";

export interface AnswerState {
  phase: "waiting" | "streaming" | "done" | "stopped" | "failed";
  text: string;
  /** Parts of a long request, where it has any. */
  progress: { done: number; total: number } | null;
  answer: AnswerInfo | null;
  error: WireError | null;
  /** Where the device met a limit: what the policy makes of it. */
  decision: RouteDecision | null;
  /** The name of the offer to ask the endpoint; null where none was made. */
  offer: string | null;
}

export function newAnswer(): AnswerState {
  return { phase: "waiting", text: "", progress: null, answer: null, error: null, decision: null, offer: null };
}

/** The state after an event. What was stopped by the user is no failure: the text so far stays. */
export function withEvent(state: AnswerState, event: AssistEvent): AnswerState {
  switch (event.type) {
    case "progress":
      return { ...state, progress: { done: event.done, total: event.total } };
    case "delta":
      return { ...state, phase: "streaming", text: state.text + event.text };
    case "done":
      return { ...state, phase: "done", progress: null, answer: event.answer };
    case "error":
      return event.error.code === "cancelled"
        ? { ...state, phase: "stopped", progress: null }
        : { ...state, phase: "failed", progress: null, error: event.error };
    case "decision":
      return { ...state, decision: event.decision, offer: event.offer ?? null };
    // A question is for the consent sheet.
    case "consent":
    // For the options page.
    case "audit":
    case "auditVerdict":
    case "deleted":
    case "packOffer":
    case "packChunk":
    case "updatePlan":
    case "updated":
    case "personal":
    case "status":
    case "welcome":
      return state;
  }
}

export function isRunning(state: AnswerState): boolean {
  return state.phase === "waiting" || state.phase === "streaming";
}

/** Whether the endpoint can be asked about this answer. */
export function isOffered(state: AnswerState): boolean {
  return state.offer !== null && !isRunning(state) && state.decision?.route === "cloud";
}
