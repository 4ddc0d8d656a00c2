// Newer models from the source that the user named on the host's command line: what there is and how large it is, then
// fetching it. Each is a click of its own, and nothing is fetched without.

import type { AssistClient } from "../shared/assist-client";
import { byId, setText } from "../shared/dom";
import { t } from "../shared/i18n";
import type { PlannedPack, UpdatedPack, UpdateOutcome, UpdatePlan } from "../shared/protocol";
import type { PacksView } from "./packs-view";

const KIB_PER_MB = 1_000_000 / 1024;

export class UpdatesView {
  readonly #client: Pick<AssistClient, "request">;
  readonly #packs: Pick<PacksView, "inUse" | "refresh">;
  readonly #check = byId("updates-check", HTMLButtonElement);
  readonly #apply = byId("updates-apply", HTMLButtonElement);
  readonly #stop = byId("updates-stop", HTMLButtonElement);
  readonly #progress = byId("updates-progress", HTMLProgressElement);
  #cancel: () => void = () => undefined;

  constructor(client: Pick<AssistClient, "request">, packs: Pick<PacksView, "inUse" | "refresh">) {
    this.#client = client;
    this.#packs = packs;
    const click = (button: HTMLButtonElement, action: () => void) =>
      button.addEventListener("click", (event) => event.isTrusted && action());
    click(this.#check, () => this.#ask("checkUpdates"));
    click(this.#apply, () => this.#ask("applyUpdates"));
    click(this.#stop, () => this.#cancel());
  }

  #ask(type: "checkUpdates" | "applyUpdates"): void {
    this.#setBusy(true);
    setText("updates-state", t(type === "checkUpdates" ? "updatesChecking" : "updatesFetching"));
    this.#cancel = this.#client.request({ type, browserVersion: this.#packs.inUse }, (event) => {
      if (event.type === "progress") {
        this.#progress.hidden = false;
        this.#progress.max = event.total;
        this.#progress.value = event.done;
        return;
      }
      this.#setBusy(false);
      if (event.type === "updatePlan") this.#plan(event.plan);
      else if (event.type === "updated") this.#updated(event.outcome);
      else if (event.type === "error") {
        setText("updates-state", event.error.code === "cancelled" ? t("updatesStopped") : event.error.message);
      }
    });
  }

  #plan({ source, packs, notes }: UpdatePlan): void {
    this.#list(packs);
    const wanted = packs.filter((pack) => pack.refused === null);
    const kib = wanted.reduce((sum, pack) => sum + pack.fetchKib, 0);
    this.#apply.hidden = wanted.length === 0;
    this.#apply.textContent = t("updatesApply", megabytes(kib), source);
    setText("updates-state", packs.length === 0 ? [t("updatesNone", source), ...notes].join(" ") : "");
  }

  #updated({ active, candidates }: UpdateOutcome): void {
    this.#list([]);
    this.#apply.hidden = true;
    const parts = [];
    if (active.length > 0) parts.push(t("updatesActive", named(active)));
    if (candidates.length > 0) parts.push(t("updatesWaiting", named(candidates)));
    setText("updates-state", parts.join(" "));
    this.#packs.refresh();
  }

  #list(packs: readonly PlannedPack[]): void {
    const rows = packs.map(({ name, version, fetchKib, refused }) => {
      const row = document.createElement("li");
      row.textContent = t("updatesPack", name, String(version), megabytes(fetchKib));
      if (refused !== null) row.append(` ${t("updatesRefused", refused)}`);
      return row;
    });
    byId("updates-list", HTMLUListElement).replaceChildren(...rows);
  }

  #setBusy(isBusy: boolean): void {
    this.#check.disabled = isBusy;
    this.#apply.disabled = isBusy;
    this.#stop.hidden = !isBusy;
    this.#progress.hidden = true;
  }
}

function named(packs: readonly UpdatedPack[]): string {
  return packs.map(({ name, version }) => `${name} ${version}`).join(", ");
}

function megabytes(kib: number): string {
  return (kib / KIB_PER_MB).toFixed(1);
}
