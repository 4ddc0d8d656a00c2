// Records of the audit in words. An event that this version does not know is named as the host names it.

import { t } from "./i18n";
import type { AuditRecord } from "./protocol";
import { record } from "./unread";

type Event = AuditRecord["event"];

const NAMES: Record<Event["type"], string> = {
  decided: "auditDecided",
  consentAsked: "auditConsentAsked",
  consentGiven: "auditConsentGiven",
  consentDeclined: "auditConsentDeclined",
  consentRevoked: "auditConsentRevoked",
  sent: "auditSent",
  blocked: "auditBlocked",
  ended: "auditEnded",
  pruned: "auditPruned",
};

export function eventName({ type }: Event): string {
  return Object.hasOwn(NAMES, type) ? t(NAMES[type]) : type;
}

/** Everything else that the record says, as `name value`. Hashes are cut: the export has them whole. */
export function eventDetails(event: Event): string {
  return Object.entries(record(event))
    .filter(([name, value]) => name !== "type" && value !== null && value !== undefined)
    .map(([name, value]) => `${name} ${name === "payload" ? String(value).slice(0, 12) : shown(value)}`)
    .join(" · ");
}

function shown(value: unknown): string {
  if (typeof value !== "object") return String(value);
  const entries = Object.entries(record(value));
  return entries.length === 0 ? "0" : entries.map(([name, count]) => `${name}: ${count}`).join(", ");
}
