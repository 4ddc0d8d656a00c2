// Checks of what a host says. A host is another program, perhaps of another version: it is not believed unread.

import { isConsentRequest, isCost, isEndpoint } from "./consent-messages";
import { isPackChunk, isPersonalAnswer } from "./personal-checks";
import type {
  AnswerInfo,
  AuditPage,
  AuditRecord,
  AuditVerdict,
  CloudStatus,
  Deletion,
  HostEvent,
  HostStatus,
  PackOffer,
  UpdateOutcome,
  UpdatePlan,
  WireError,
} from "./protocol";
import { isId, record } from "./unread";

const CAPABILITIES: ReadonlySet<unknown> = new Set(["summarize", "chat", "cloud", "packs", "personal"]);

/** An event of the protocol, or the id of the request that it seems to belong to (0 if there is none). */
export function checkHostEvent(message: unknown): { ok: true; event: HostEvent } | { ok: false; id: number } {
  const raw = record(message);
  const id = isId(raw.id) ? raw.id : 0;
  const event = isId(raw.id) ? eventOf(raw, id) : undefined;
  return event ? { ok: true, event } : { ok: false, id };
}

function eventOf(raw: Record<string, unknown>, id: number): HostEvent | undefined {
  switch (raw.type) {
    case "welcome":
      return typeof raw.protocol === "number" && typeof raw.host === "string"
        ? { type: "welcome", id, protocol: raw.protocol, host: raw.host, capabilities: capabilities(raw.capabilities) }
        : undefined;
    case "status":
      return isStatus(raw.status) ? { type: "status", id, status: withCloud(raw.status) } : undefined;
    case "progress":
      return typeof raw.done === "number" && typeof raw.total === "number"
        ? { type: "progress", id, done: raw.done, total: raw.total }
        : undefined;
    case "consent":
      return isConsentRequest(raw.request) ? { type: "consent", id, request: raw.request } : undefined;
    case "delta":
      return typeof raw.text === "string" ? { type: "delta", id, text: raw.text } : undefined;
    case "audit":
      return isAuditPage(raw.page) ? { type: "audit", id, page: raw.page } : undefined;
    case "auditVerdict":
      return isAuditVerdict(raw.verdict) ? { type: "auditVerdict", id, verdict: raw.verdict } : undefined;
    case "deleted":
      return isDeletion(raw.deletion) ? { type: "deleted", id, deletion: raw.deletion } : undefined;
    case "updatePlan":
      return isUpdatePlan(raw.plan) ? { type: "updatePlan", id, plan: raw.plan } : undefined;
    case "updated":
      return isUpdateOutcome(raw.outcome) ? { type: "updated", id, outcome: raw.outcome } : undefined;
    case "packOffer":
      return raw.offer === null || isPackOffer(raw.offer) ? { type: "packOffer", id, offer: raw.offer } : undefined;
    case "packChunk":
      return isPackChunk(raw.chunk) ? { type: "packChunk", id, chunk: raw.chunk } : undefined;
    case "personal":
      return isPersonalAnswer(raw.answer) ? { type: "personal", id, answer: raw.answer } : undefined;
    case "done":
      return isAnswer(raw.answer) ? { type: "done", id, answer: raw.answer } : undefined;
    case "error":
      return isError(raw.error) ? { type: "error", id, error: raw.error } : undefined;
    default:
      return undefined;
  }
}

function capabilities(raw: unknown): Extract<HostEvent, { type: "welcome" }>["capabilities"] {
  // A newer host may name more than we know.
  return Array.isArray(raw) ? raw.filter((name) => CAPABILITIES.has(name)) : [];
}

function isUpdatePlan(value: unknown): value is UpdatePlan {
  const { source, packs, notes } = record(value);
  return typeof source === "string" && isTexts(notes) && Array.isArray(packs) && packs.every(isPlannedPack);
}

function isPlannedPack(value: unknown): boolean {
  const { name, version, fetchKib, isForBrowser, refused } = record(value);
  const isKnown = typeof name === "string" && isId(version) && isId(fetchKib) && typeof isForBrowser === "boolean";
  return isKnown && (refused === null || typeof refused === "string");
}

function isUpdateOutcome(value: unknown): value is UpdateOutcome {
  const { active, candidates } = record(value);
  return [active, candidates].every((packs) => Array.isArray(packs) && packs.every(isUpdatedPack));
}

function isUpdatedPack(value: unknown): boolean {
  const { name, version } = record(value);
  return typeof name === "string" && isId(version);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function isPackOffer(value: unknown): value is PackOffer {
  const { version, manifest, signature } = record(value);
  return isId(version) && typeof manifest === "string" && typeof signature === "string";
}

function isStatus(value: unknown): value is HostStatus {
  const { model, isAbstractive, device, reason, memoryLimitMib, sandbox } = record(value);
  return (
    [model, device, reason, sandbox].every((text) => typeof text === "string") &&
    typeof isAbstractive === "boolean" &&
    typeof memoryLimitMib === "number"
  );
}

/** What a host says of an endpoint; one of another form is none, and none is never offered. */
function withCloud(status: HostStatus): HostStatus {
  return { ...status, cloud: isCloud(status.cloud) ? status.cloud : null };
}

function isCloud(value: unknown): value is CloudStatus {
  const { endpoint, state, setting, enterprise, key, usage, scopes } = record(value);
  const { readiness, contextTokens } = record(state);
  const { perMinute, perDay, sentToday, spent, cap } = record(usage);
  return (
    (endpoint === null || isEndpoint(endpoint)) &&
    [readiness, setting, enterprise, key].every((word) => typeof word === "string") &&
    [contextTokens, perMinute, perDay, sentToday].every((figure) => typeof figure === "number") &&
    [spent, cap].every((amount) => amount === null || isCost(amount)) &&
    Array.isArray(scopes) &&
    scopes.every((scope) => {
      const { site, expiresInS } = record(scope);
      return typeof site === "string" && typeof expiresInS === "number";
    })
  );
}

function isAuditPage(value: unknown): value is AuditPage {
  const { records, total, head } = record(value);
  return Array.isArray(records) && records.every(isAuditRecord) && typeof total === "number" && isHead(head);
}

/** A newer host may record events that we do not know: they are shown by their name. */
function isAuditRecord(value: unknown): value is AuditRecord {
  const { sequence, atS, event, previous, hash } = record(value);
  return (
    [sequence, atS].every((figure) => typeof figure === "number") &&
    [previous, hash, record(event).type].every((text) => typeof text === "string")
  );
}

function isHead(value: unknown): boolean {
  const { sequence, hash } = record(value);
  return typeof sequence === "number" && typeof hash === "string";
}

function isAuditVerdict(value: unknown): value is AuditVerdict {
  const { records, head, problemCount, problems } = record(value);
  return (
    [records, problemCount].every((figure) => typeof figure === "number") && isHead(head) && Array.isArray(problems)
  );
}

function isDeletion(value: unknown): value is Deletion {
  const { auditRecords, permissions, sends, endpoint } = record(value);
  return (
    [auditRecords, permissions, sends].every((figure) => typeof figure === "number") && typeof endpoint === "boolean"
  );
}

function isAnswer(value: unknown): value is AnswerInfo {
  const { engine, kind, stop, isInputCut, fallback, timing } = record(value);
  const { tier, model, device, reason } = record(engine);
  return (
    (tier === "browser" || tier === "host" || tier === "cloud") &&
    [model, device, reason, fallback].every((text) => typeof text === "string") &&
    (kind === "abstractive" || kind === "extractive" || kind === "reply") &&
    (stop === "complete" || stop === "length" || stop === "repetition") &&
    typeof isInputCut === "boolean" &&
    ["firstTokenMs", "totalMs", "promptTokens", "tokens", "tokensPerS"].every(
      (name) => typeof record(timing)[name] === "number",
    )
  );
}

/** A newer host may have codes that we do not know; its sentence still says what happened. */
function isError(value: unknown): value is WireError {
  const { code, message, retryable } = record(value);
  return typeof code === "string" && typeof message === "string" && typeof retryable === "boolean";
}
