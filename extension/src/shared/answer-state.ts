// One answer while it is being written, for the summary card and the chat: what has arrived, and how it ended. Pure.

import type { AnswerInfo, HostEvent, WireError } from "./protocol";

export interface AnswerState {
  phase: "waiting" | "streaming" | "done" | "stopped" | "failed";
  text: string;
  /** Parts of a long request, where it has any. */
  progress: { done: number; total: number } | null;
  answer: AnswerInfo | null;
  error: WireError | null;
}

export function newAnswer(): AnswerState {
  return { phase: "waiting", text: "", progress: null, answer: null, error: null };
}

/** The state after an event. What was stopped by the user is no failure: the text so far stays. */
export function withEvent(state: AnswerState, event: HostEvent): AnswerState {
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
    // A question is for the consent sheet, a decision for whoever offers the next step.
    case "consent":
    case "decision":
    // For the options page.
    case "audit":
    case "auditVerdict":
    case "deleted":
    case "status":
    case "welcome":
      return state;
  }
}

export function isRunning(state: AnswerState): boolean {
  return state.phase === "waiting" || state.phase === "streaming";
}
