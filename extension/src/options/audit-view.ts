// The record of what was sent, refused and agreed to: kept by the host, shown here, checked by the host, exported as it is
// stored. It starts the host, so it is shown only when somebody asks.

import type { AssistClient, NewRequest } from "../shared/assist-client";
import type { AssistEvent } from "../shared/assist-messages";
import { eventDetails, eventName } from "../shared/audit-text";
import { byId, setHidden, setText } from "../shared/dom";
import { SottoError, toWireError, wireError } from "../shared/errors";
import { t } from "../shared/i18n";
import { isLast } from "../shared/pending-requests";
import { type AuditPage, type AuditRecord, type AuditVerdict, MAX_AUDIT_RECORDS } from "../shared/protocol";
import { download } from "./download";

/** Records of one look. */
const PAGE = 50;

type Last<T extends AssistEvent["type"]> = Extract<AssistEvent, { type: T }>;

export class AuditView {
  readonly #client: Pick<AssistClient, "request">;
  readonly #table = byId("audit-table", HTMLTableElement);
  #oldest: number | null = null;

  constructor(client: Pick<AssistClient, "request">) {
    this.#client = client;
    const click = (id: string, action: () => Promise<void>) =>
      byId(id, HTMLButtonElement).addEventListener("click", () => void this.#say(action));
    click("audit-show", () => this.#show(null));
    click("audit-older", () => this.#show(this.#oldest));
    click("audit-verify", () => this.#verify());
    click("audit-export", () => this.#export());
  }

  async #show(before: number | null): Promise<void> {
    const page = await this.#page(before, PAGE);
    if (before === null) this.#begin();
    const body = this.#table.tBodies[0] ?? this.#table.createTBody();
    for (const one of page.records) addRow(body, one);
    this.#oldest = page.records.at(-1)?.sequence ?? this.#oldest;
    setHidden("audit-table", body.rows.length === 0);
    setHidden("audit-older", page.records.length < PAGE);
    setText("audit-state", t("auditTotal", page.total.toLocaleString()));
  }

  async #verify(): Promise<void> {
    const { verdict } = await this.#ask({ type: "verifyAudit" }, "auditVerdict");
    setText("audit-state", verdictSentence(verdict));
  }

  /** Everything, oldest first, a record a line: what `sotto-host audit export` writes. */
  async #export(): Promise<void> {
    const records: AuditRecord[] = [];
    for (;;) {
      const before: number | null = records.at(-1)?.sequence ?? null;
      const page: AuditPage = await this.#page(before, MAX_AUDIT_RECORDS);
      records.push(...page.records);
      if (page.records.length < MAX_AUDIT_RECORDS) break;
    }
    const lines = records.reverse().map((one) => `${JSON.stringify(one)}\n`);
    download("sotto-audit.jsonl", "application/jsonl", lines.join(""));
    setText("audit-state", t("auditExported", records.length.toLocaleString()));
  }

  #begin(): void {
    this.#table.replaceChildren();
    const head = this.#table.createTHead().insertRow();
    for (const name of ["auditNumber", "auditWhen", "auditWhat", "auditDetails"]) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = t(name);
      head.append(cell);
    }
    this.#table.createTBody();
  }

  async #page(before: number | null, limit: number): Promise<AuditPage> {
    return (await this.#ask({ type: "listAudit", before, limit }, "audit")).page;
  }

  #ask<T extends "audit" | "auditVerdict">(request: NewRequest, expected: T): Promise<Last<T>> {
    return new Promise((resolve, reject) => {
      this.#client.request(request, (event) => {
        if (event.type === expected) resolve(event as Last<T>);
        else if (event.type === "error") reject(new SottoError(event.error));
        else if (isLast(event)) reject(new SottoError(wireError("internal", t("auditFailed"))));
      });
    });
  }

  async #say(action: () => Promise<void>): Promise<void> {
    setText("audit-state", t("hostAsking"));
    try {
      await action();
    } catch (error) {
      setText("audit-state", toWireError(error, t("auditFailed")).message);
    }
  }
}

function verdictSentence({ records, problemCount, problems }: AuditVerdict): string {
  const count = records.toLocaleString();
  if (problemCount === 0) return t("auditWhole", count);
  const [first] = problems;
  return t("auditBroken", count, problemCount.toLocaleString(), JSON.stringify(first));
}

function addRow(body: HTMLTableSectionElement, { sequence, atS, event }: AuditRecord): void {
  const row = body.insertRow();
  for (const text of [
    String(sequence),
    new Date(atS * 1_000).toLocaleString(),
    eventName(event),
    eventDetails(event),
  ]) {
    row.insertCell().textContent = text;
  }
}
