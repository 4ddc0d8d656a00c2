// Makes the engine's offscreen page when somebody needs it. A service worker has no WebGPU for long and no life of its
// own; the offscreen page has both, and a worker for the model.

import { tellEngine } from "./notify";

const ENGINE_PAGE = "engine.html";

/** A page that is there answers within a few milliseconds; one that crashed is still listed, and never does. */
const ALIVE_MS = 1_000;

let making: Promise<void> | undefined;

/** Resolves when the engine page is there and listens. Two callers share one attempt. */
export function ensureEngine(): Promise<void> {
  making ??= make().finally(() => {
    making = undefined;
  });
  return making;
}

async function make(): Promise<void> {
  const existing = await chrome.runtime.getContexts({ contextTypes: [chrome.runtime.ContextType.OFFSCREEN_DOCUMENT] });
  if (existing.length > 0) {
    if (await isAlive()) return;
    await chrome.offscreen.closeDocument().catch(() => undefined);
  }
  await chrome.offscreen.createDocument({
    url: ENGINE_PAGE,
    reasons: [chrome.offscreen.Reason.WORKERS],
    justification: "Runs the language model in a worker, on this device.",
  });
}

function isAlive(): Promise<boolean> {
  const tooLate = new Promise<false>((resolve) => setTimeout(() => resolve(false), ALIVE_MS));
  return Promise.race([tellEngine("engineAlive"), tooLate]);
}
