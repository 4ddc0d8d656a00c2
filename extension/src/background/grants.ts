// Sites granted or taken back, wherever that happened: our pages, the browser's own menu, a policy.

import { tellContentScripts } from "./notify";
import { injectIntoOpenTabs, syncRegistration } from "./registration";

export async function grantsAdded(): Promise<void> {
  await syncRegistration();
  await injectIntoOpenTabs();
  await tellContentScripts();
}

export async function grantsRemoved(): Promise<void> {
  await syncRegistration();
  // Scripts that run already lose nothing by themselves: they are told, ask, and stop.
  await tellContentScripts();
}
