// Tells other parts that something changed. Nobody there is no error.

import type { EngineMessages } from "../shared/messages";

/** All content scripts ask for their site's state again. */
export async function tellContentScripts(): Promise<void> {
  const tabs = await chrome.tabs.query({});
  await Promise.all(
    tabs.map(async ({ id }) => {
      if (id !== undefined) await chrome.tabs.sendMessage(id, { type: "siteStateChanged" }).catch(() => undefined);
    }),
  );
}

export async function tellEngine<K extends keyof EngineMessages>(
  type: K,
  request: EngineMessages[K]["request"],
): Promise<void> {
  await chrome.runtime.sendMessage({ ...request, type }).catch(() => undefined);
}
