// The user's endpoint: offer it or not, how it stands, what may be sent without a question and how to take that back.

import type { AssistClient, NewRequest } from "../shared/assist-client";
import type { AssistEvent } from "../shared/assist-messages";
import { byId, setHidden, setText } from "../shared/dom";
import { t } from "../shared/i18n";
import { money } from "../shared/money";
import type { CloudReadiness, CloudStatus, HostStatus, KeyState, WireError } from "../shared/protocol";
import { parseTerms, type Settings } from "../shared/settings";
import { updateSettings } from "../shared/settings-store";
import { row } from "./row";

const READINESS: Record<CloudReadiness, string> = {
  notConfigured: "routeCloudNotConfigured",
  unknown: "routeCloudUnknown",
  ready: "cloudReady",
  keyMissing: "routeCloudKeyMissing",
  throttled: "routeCloudThrottled",
  budgetSpent: "routeCloudBudgetSpent",
  unreachable: "routeCloudUnreachable",
};

const KEYS: Record<KeyState, string> = {
  notNeeded: "keyNotNeeded",
  ready: "keyReady",
  locked: "keyLocked",
  missing: "keyMissing",
};

export class CloudView {
  readonly #client: Pick<AssistClient, "request">;
  readonly #switch = byId("offer-cloud", HTMLInputElement);
  readonly #passphrase = byId("cloud-passphrase", HTMLInputElement);
  readonly #ownTerms = byId("own-terms", HTMLTextAreaElement);

  constructor(client: Pick<AssistClient, "request">) {
    this.#client = client;
    this.#switch.addEventListener("change", () => {
      void updateSettings((settings) => ({ ...settings, offerCloud: this.#switch.checked }));
    });
    this.#ownTerms.addEventListener("change", () => {
      const ownTerms = parseTerms(this.#ownTerms.value.split("\n"));
      void updateSettings((settings) => ({ ...settings, ownTerms }));
    });
    byId("revoke-all", HTMLButtonElement).addEventListener("click", () => this.#ask({ type: "revoke", site: null }));
    byId("cloud-unlock", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#passphrase.value === "") return;
      this.#ask({ type: "unlockKey", passphrase: this.#passphrase.value });
      this.#passphrase.value = "";
    });
    this.showStatus(undefined);
  }

  show({ offerCloud, localOnlySites, ownTerms }: Settings): void {
    this.#switch.checked = offerCloud;
    if (document.activeElement !== this.#ownTerms) this.#ownTerms.value = ownTerms.join("\n");
    byId("local-only", HTMLUListElement).replaceChildren(
      ...localOnlySites.map((origin) =>
        row(origin, t("remove"), t("removeLocalOnly", origin), async () => {
          await updateSettings((settings) => ({
            ...settings,
            localOnlySites: settings.localOnlySites.filter((site) => site !== origin),
          }));
        }),
      ),
    );
    setHidden("local-only-none", localOnlySites.length > 0);
  }

  /** What the host told; undefined while it tells nothing. */
  showStatus(status: HostStatus | undefined): void {
    const cloud = status?.cloud ?? null;
    const endpoint = cloud?.endpoint ?? null;
    setText("cloud-state", cloud ? stateSentence(cloud) : t("cloudNeedsHost"));
    setHidden("cloud-facts", !endpoint);
    setHidden("cloud-unlock", cloud?.key !== "locked");
    const scopes = cloud?.scopes ?? [];
    byId("scopes", HTMLUListElement).replaceChildren(
      ...scopes.map(({ site, expiresInS }) =>
        row(t("scopeUntil", site, String(Math.ceil(expiresInS / 60))), t("revoke"), t("revokeScope", site), async () =>
          this.#ask({ type: "revoke", site }),
        ),
      ),
    );
    setHidden("scopes-none", scopes.length > 0);
    // Also without a permission: it stops what is on its way.
    setHidden("revoke-all", !endpoint);
    if (!cloud || !endpoint) return;
    const { usage, key } = cloud;
    setText("cloud-endpoint", `${endpoint.name} (${endpoint.origin})`);
    setText("cloud-model", endpoint.model);
    setText("cloud-key", t(KEYS[key]));
    setText("cloud-use", t("cloudUsed", String(usage.sentToday), String(usage.perDay), String(usage.perMinute)));
    const cap = usage.cap ? t("cloudCap", money(usage.cap)) : "";
    setText("cloud-spent", usage.spent ? [money(usage.spent), cap].filter(Boolean).join(", ") : t("cloudNoPrice"));
  }

  #ask(request: NewRequest): void {
    setText("cloud-problem", "");
    this.#client.request(request, (event: AssistEvent) => {
      if (event.type === "status") this.showStatus(event.status);
      else if (event.type === "error") this.#failed(event.error);
    });
  }

  #failed({ code, message }: WireError): void {
    if (code !== "cancelled") setText("cloud-problem", message);
  }
}

function stateSentence({ enterprise, state, endpoint, setting }: CloudStatus): string {
  if (endpoint !== null && setting === "off") return t("cloudHostOff");
  if (enterprise !== "allowed") return t("routeCloudForbidden");
  return endpoint === null ? t("routeCloudNotConfigured") : t(READINESS[state.readiness] ?? READINESS.unknown);
}
