// Why a request went where it went, in one line. The keys are named so that a search finds them.

import { t } from "./i18n";
import type { Limit, RouteDecision, RouteReason } from "./protocol";

const REASONS: Record<RouteReason, string> = {
  autocompleteStays: "routeAutocompleteStays",
  hostPreferred: "routeHostPreferred",
  hostOff: "routeHostOff",
  hostForbidden: "routeHostForbidden",
  hostAbsent: "routeHostAbsent",
  hostFailing: "routeHostFailing",
  hostUnreachable: "routeHostUnreachable",
  hostCannot: "routeHostCannot",
  hostSlow: "routeHostSlow",
  hostOnly: "routeHostOnly",
  suggestionsOff: "routeSuggestionsOff",
  offHere: "routeOffHere",
  cancelled: "routeCancelled",
  answerStands: "routeAnswerStands",
  confidenceUnknown: "routeConfidenceUnknown",
  cloudNeedsConsent: "routeCloudNeedsConsent",
  cloudOff: "routeCloudOff",
  cloudForbidden: "routeCloudForbidden",
  cloudNotHere: "routeCloudNotHere",
  cloudNotConfigured: "routeCloudNotConfigured",
  cloudUnknown: "routeCloudUnknown",
  cloudKeyMissing: "routeCloudKeyMissing",
  cloudThrottled: "routeCloudThrottled",
  cloudBudgetSpent: "routeCloudBudgetSpent",
  cloudUnreachable: "routeCloudUnreachable",
  cloudTooLong: "routeCloudTooLong",
  cloudTried: "routeCloudTried",
};

const LIMITS: Record<Limit, string> = {
  noLocalTier: "limitNoLocalTier",
  localFailed: "limitLocalFailed",
  repeats: "limitRepeats",
  lesserWay: "limitLesserWay",
  inputCut: "limitInputCut",
  answerCut: "limitAnswerCut",
  lowConfidence: "limitLowConfidence",
  tooSlow: "limitTooSlow",
};

/** The decision in one line. */
export function routeSentence({ reason, limit }: RouteDecision): string {
  return [limit === null ? "" : limitSentence(limit), t(REASONS[reason])].filter(Boolean).join(" ");
}

/** What this device could not do. */
export function limitSentence(limit: Limit): string {
  return t(LIMITS[limit]);
}
