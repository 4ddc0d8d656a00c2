// What was counted on this device: charts, tables, and the export with noise.

import { byId, setHidden, setText } from "../shared/dom";
import { toWireError } from "../shared/errors";
import { t } from "../shared/i18n";
import { send } from "../shared/messages";
import type { Epsilon, LatencyView, ReasonEntry, TelemetryView } from "../shared/protocol";
import { drawBars } from "./charts";
import { download } from "./download";

/** What can be chosen; one is common, a tenth hides nearly everything. */
const EPSILONS: readonly Epsilon[] = [
  { numerator: 1, denominator: 10 },
  { numerator: 1, denominator: 2 },
  { numerator: 1, denominator: 1 },
  { numerator: 2, denominator: 1 },
];
const DEFAULT_EPSILON = 2;

const MS_PER_DAY = 86_400_000;

export class FiguresView {
  readonly #epsilon = byId("epsilon", HTMLSelectElement);

  constructor() {
    EPSILONS.forEach(({ numerator, denominator }, index) => {
      const isDefault = index === DEFAULT_EPSILON;
      this.#epsilon.add(new Option(`ε = ${numerator / denominator}`, String(index), isDefault, isDefault));
    });
    byId("refresh-figures", HTMLButtonElement).addEventListener("click", () => void this.#refresh());
    byId("export-figures", HTMLButtonElement).addEventListener("click", () => void this.#export());
    void this.#refresh();
  }

  async #refresh(): Promise<void> {
    try {
      await send("ensureEngine", {});
      this.#show((await send("telemetry", {})).view);
      setText("figures-state", "");
    } catch (error) {
      setText("figures-state", toWireError(error, t("figuresFailed")).message);
    }
  }

  #show(view: TelemetryView): void {
    const isEmpty = [view.latency, view.suppressions, view.memory, view.versions, view.verificationFailures].every(
      (entries) => entries.length === 0,
    );
    setHidden("figures-none", !isEmpty);
    setHidden("figures", isEmpty);
    if (isEmpty) return;
    drawBars(
      byId("latency-chart", HTMLElement),
      view.latency.map((row) => ({ label: rowName(row), values: [row.p50Ms, row.p90Ms, row.p99Ms] })),
      { series: ["p50", "p90", "p99"], isLogarithmic: true, unit: "ms" },
    );
    fill(
      "latency-table",
      [t("figureWhat"), t("figureCount"), "p50", "p90", "p99"],
      [...view.latency.map((row) => [rowName(row), row.count, ms(row.p50Ms), ms(row.p90Ms), ms(row.p99Ms)])],
    );
    this.#showSuggestions(view);
    drawBars(
      byId("suppressions-chart", HTMLElement),
      view.suppressions.map(({ reason, count }) => ({ label: reason, values: [count] })),
      { series: [t("figureCount")], isLogarithmic: false, unit: "" },
    );
    fillReasons("suppressions-table", view.suppressions);
    fillReasons("fallbacks-table", view.fallbacks);
    fill(
      "memory-table",
      [t("figureTier"), t("figureMedian"), t("figureMost")],
      view.memory.map(({ tier, p50Mib, maxMib }) => [tier, `${p50Mib} MiB`, `${maxMib} MiB`]),
    );
    fill(
      "versions-table",
      [t("figureWhat"), t("figureVersion"), t("figureUsed")],
      view.versions.map(({ what, version, count }) => [what, versionName(what, version), count]),
    );
    fillReasons("verification-table", view.verificationFailures);
  }

  #showSuggestions(view: TelemetryView): void {
    const facts: [string, number][] = [
      [t("figureShown"), view.shown],
      [t("figureAccepted"), view.accepted],
      [t("figureWords"), view.wordsAccepted],
      [t("figureOffered"), view.escalationsOffered],
      [t("figureAgreed"), view.escalationsAccepted],
    ];
    byId("suggestion-figures", HTMLElement).replaceChildren(
      ...facts.flatMap(([name, count]) => {
        const term = document.createElement("dt");
        term.textContent = name;
        const value = document.createElement("dd");
        value.textContent = count.toLocaleString();
        return [term, value];
      }),
    );
  }

  async #export(): Promise<void> {
    const epsilon = EPSILONS[Number(this.#epsilon.value)] ?? EPSILONS[DEFAULT_EPSILON];
    if (!epsilon) return;
    try {
      await send("ensureEngine", {});
      const { export: figures } = await send("exportTelemetry", { epsilon });
      download("sotto-figures.json", "application/json", `${JSON.stringify(figures, null, 2)}\n`);
      setText("figures-state", t("figuresExported", String(epsilon.numerator / epsilon.denominator)));
    } catch (error) {
      setText("figures-state", toWireError(error, t("figuresFailed")).message);
    }
  }
}

function rowName({ task, tier }: LatencyView): string {
  return `${task} · ${tier}`;
}

/** An adapter's version is the day on which it was made. */
function versionName(what: string, version: number): string {
  return what === "adapter" ? new Date(version * MS_PER_DAY).toLocaleDateString() : String(version);
}

function ms(value: number): string {
  return t("milliseconds", value.toLocaleString());
}

function fillReasons(id: string, entries: readonly ReasonEntry[]): void {
  fill(
    id,
    [t("figureReason"), t("figureCount")],
    entries.map(({ reason, count }) => [reason, count]),
  );
}

function fill(id: string, head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const table = byId(id, HTMLTableElement);
  table.replaceChildren();
  if (rows.length === 0) {
    table.insertRow().insertCell().textContent = t("figureNothing");
    return;
  }
  const names = table.createTHead().insertRow();
  head.forEach((name, index) => {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    if (index > 0) cell.className = "figure";
    names.append(cell);
  });
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((value, index) => {
      const cell = line.insertCell();
      cell.textContent = typeof value === "number" ? value.toLocaleString() : value;
      if (index > 0) cell.className = "figure";
    });
  }
}
