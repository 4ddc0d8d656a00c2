// The host: use it or not, and how it is. Switching it on asks the browser for the permission to talk to another program.

import type { AssistClient } from "../shared/assist-client";
import { byId, setHidden, setText } from "../shared/dom";
import { errorAdvice } from "../shared/engine-text";
import { isErrorCode } from "../shared/errors";
import { t } from "../shared/i18n";
import type { HostStatus, WireError } from "../shared/protocol";
import type { Settings } from "../shared/settings";
import { updateSettings } from "../shared/settings-store";

const PERMISSION: chrome.permissions.Permissions = { permissions: ["nativeMessaging"] };

export class HostView {
  readonly #switch = byId("use-host", HTMLInputElement);
  readonly #client: Pick<AssistClient, "request">;
  readonly #told: (status: HostStatus | undefined) => void;
  #cancel: () => void = () => undefined;
  #wanted: boolean | undefined;

  /** `told` hears the host's state, and undefined while there is none. */
  constructor(client: Pick<AssistClient, "request">, told: (status: HostStatus | undefined) => void) {
    this.#client = client;
    this.#told = told;
    this.#switch.addEventListener("change", () => void this.#toggled());
    byId("host-check", HTMLButtonElement).addEventListener("click", () => this.#ask());
  }

  async show({ useHost }: Settings): Promise<void> {
    const wanted = useHost && (await chrome.permissions.contains(PERMISSION));
    this.#switch.checked = wanted;
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    setHidden("host-check", !wanted);
    if (wanted) this.#ask();
    else this.#say(t("hostOff"), undefined);
  }

  async #toggled(): Promise<void> {
    if (this.#switch.checked) {
      // First of all: the permission prompt needs the click.
      const granted = await chrome.permissions.request(PERMISSION).catch(() => false);
      this.#switch.checked = granted;
      if (granted) await this.show(await updateSettings((settings) => ({ ...settings, useHost: true })));
    } else {
      const settings = await updateSettings((now) => ({ ...now, useHost: false }));
      // A permission that the manifest asks for at once cannot be given back; the setting says no all the same.
      await chrome.permissions.remove(PERMISSION).catch(() => false);
      await this.show(settings);
    }
  }

  #ask(): void {
    this.#cancel();
    this.#say(t("hostAsking"), undefined);
    this.#cancel = this.#client.request({ type: "status" }, (event) => {
      if (event.type === "status") this.#say(t("hostReady"), event.status);
      else if (event.type === "error" && event.error.code !== "cancelled") this.#say(sentence(event.error), undefined);
    });
  }

  #say(state: string, status: HostStatus | undefined): void {
    this.#told(status);
    setText("host-state", state);
    setHidden("host-facts", !status);
    if (!status) return;
    setText("host-model", status.model || t("hostNoModel"));
    setText("host-device", status.device || t("hostNotLoaded"));
    setText("host-reason", status.reason || "–");
    setText("host-summaries", status.isAbstractive ? t("hostAbstractive") : t("hostExtractive"));
    setText("host-memory", t("hostMemory", String(status.memoryLimitMib)));
    setText("host-sandbox", status.sandbox);
  }
}

/** What happened, and what to do about it. A newer host may have codes that have no advice yet. */
function sentence({ code, message }: WireError): string {
  return code !== "versionMismatch" && isErrorCode(code) ? `${message} ${errorAdvice(code)}` : message;
}
