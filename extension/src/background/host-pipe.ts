// The port to the host, on behalf of the engine page, which cannot open one: a pipe and nothing more. May the host be used
// at all? Only if the user switched it on (which asks the browser for the permission) and has not switched it off again.
// An open native port keeps this worker alive; when either end closes, so does the other.

import { t } from "../shared/i18n";
import type { HostPipeMessage, HostUse } from "../shared/messages";
import { HOST_NAME, HOST_PORT, type HostRequest } from "../shared/protocol";
import { readSettings } from "../shared/settings-store";

let open: { native: chrome.runtime.Port; page: chrome.runtime.Port } | undefined;

/** Opens the pipe: the engine page gets a port of its own for it. Says why not where the host is not to be used. */
export async function openHost(): Promise<HostUse> {
  const [{ useHost }, granted] = await Promise.all([
    readSettings(),
    chrome.permissions.contains({ permissions: ["nativeMessaging"] }),
  ]);
  if (!useHost || !granted) return { use: false, why: t("hostNotInUse") };
  // A permission that was granted a moment ago may reach this worker only with its next start.
  if (typeof chrome.runtime.connectNative !== "function") return { use: false, why: t("hostNeedsRestart") };
  connect();
  return { use: true, client: chrome.runtime.getManifest().version };
}

/** Lets the host go, if there is one. */
export function closeHost(): void {
  // Neither end hears of its own disconnecting, so both are closed here.
  open?.native.disconnect();
  open?.page.disconnect();
  open = undefined;
}

function connect(): void {
  closeHost();
  const native = chrome.runtime.connectNative(HOST_NAME);
  const page = chrome.runtime.connect({ name: HOST_PORT });
  open = { native, page };
  const tell = (message: HostPipeMessage) => {
    try {
      page.postMessage(message);
    } catch {
      // The engine page is gone; its own event closes the rest.
    }
  };
  native.onMessage.addListener((message: unknown) => tell({ type: "message", message }));
  native.onDisconnect.addListener(() => {
    const lastError = chrome.runtime.lastError?.message ?? "";
    if (open?.native === native) open = undefined;
    tell({ type: "closed", lastError });
    page.disconnect();
  });
  page.onMessage.addListener((message: HostRequest) => {
    try {
      native.postMessage(message);
    } catch {
      // The host is gone; its own event tells the engine page.
    }
  });
  page.onDisconnect.addListener(() => {
    void chrome.runtime.lastError;
    native.disconnect();
    if (open?.native === native) open = undefined;
  });
}
