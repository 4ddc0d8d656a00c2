// Tells other parts that something changed. Nobody there is no error.

import type { EngineMessages, Reply } from "../shared/messages";

/** All content scripts ask for their site's state again. */
export async function tellContentScripts(): Promise<void> {
  const tabs = await chrome.tabs.query({});
  await Promise.all(
    tabs.map(async ({ id }) => {
      if (id !== undefined) await chrome.tabs.sendMessage(id, { type: "siteStateChanged" }).catch(() => undefined);
    }),
  );
}

/** True if the engine page is there and heard it. */
export async function tellEngine(type: keyof EngineMessages): Promise<boolean> {
  const reply: Reply<object> | undefined = await chrome.runtime.sendMessage({ type }).catch(() => undefined);
  return reply?.ok === true;
}
