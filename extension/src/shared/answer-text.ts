// An answer in words: who wrote it, how, and what is not as it should be. For the summary card and the chat.

import type { AnswerState } from "./answer-state";
import { t } from "./i18n";
import type { AnswerInfo, RouteDecision, Tier, WireError } from "./protocol";
import { limitSentence, routeSentence } from "./route-text";

/** Whether the words are the text's own or a model's. */
export function answerLabel({ kind, engine }: AnswerInfo): string {
  return kind === "extractive" ? t("labelExtractive") : t("labelWritten", engine.model || t("modelUnnamed"));
}

/** One line: where, which model, on what. */
export function engineBadge({ engine }: AnswerInfo): string {
  return [tierName(engine.tier), engine.model, engine.device].filter(Boolean).join(" · ");
}

function tierName(tier: Tier): string {
  switch (tier) {
    case "browser":
      return t("tierBrowser");
    case "host":
      return t("tierHost");
    case "cloud":
      return t("tierCloud");
  }
}

/** Why there, what was cut, and the figures; one sentence each. */
export function engineDetails(
  { engine, fallback, isInputCut, stop, timing }: AnswerInfo,
  decision: RouteDecision | null = null,
): string[] {
  return [
    fallback,
    engine.reason,
    isInputCut ? t("answerInputCut") : "",
    stop === "length" ? t("answerStopLength") : "",
    stop === "repetition" ? t("answerStopRepetition") : "",
    decision ? routeSentence(decision) : "",
    timing.tokens > 0
      ? t("answerTiming", (timing.totalMs / 1000).toFixed(1), timing.tokensPerS.toFixed(0))
      : t("answerTime", (timing.totalMs / 1000).toFixed(1)),
  ].filter(Boolean);
}

/** What is going on; empty once a text stands there by itself. */
export function stateSentence({ phase, progress }: AnswerState, working: string): string {
  switch (phase) {
    case "waiting":
    case "streaming":
      return progress && progress.total > 1
        ? t("answerProgress", working, String(progress.done), String(progress.total))
        : working;
    case "stopped":
      return t("answerStopped");
    case "done":
    case "failed":
      return "";
  }
}

/** The error's sentence, and that trying again can help where it can. */
export function errorSentence({ message, retryable }: WireError): string {
  return retryable && !/try again/i.test(message) ? `${message} ${t("answerTryAgain")}` : message;
}

/** The answer's facts on an element, for the tests and the demo: words change, these do not. */
export function markAnswer(element: HTMLElement, { engine, kind, timing }: AnswerInfo): void {
  Object.assign(element.dataset, {
    tier: engine.tier,
    model: engine.model,
    device: engine.device,
    kind,
    firstTokenMs: String(timing.firstTokenMs),
    tokensPerS: String(timing.tokensPerS),
  });
}

/** Why an endpoint is offered: what this device could not do. */
export function offerSentence({ limit }: RouteDecision): string {
  return limit === null ? "" : limitSentence(limit);
}

/** How it stands with the endpoint's answer, beside the answer's own text. */
export function cloudSentence(state: AnswerState): string {
  if (state.error) return state.error.code === "consentDeclined" ? t("cloudDeclined") : errorSentence(state.error);
  return state.phase === "waiting" ? t("cloudWaiting") : stateSentence(state, t("cloudWorking"));
}
