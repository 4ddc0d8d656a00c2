// Messages to the service worker, in three tiers: for any of our scripts at once; for any of them once start-up is done;
// for our own pages only. Who sends is what the browser says, never what the message says.

import { toWireError, wireError } from "../shared/errors";
import type { BackgroundMessages, EngineMessages, Reply } from "../shared/messages";
import { usesPhrases } from "../shared/settings";
import { readSettings, updateSettings } from "../shared/settings-store";
import { assistSettings } from "./assist-settings";
import { showBadge, showUnsupported } from "./badge";
import { cardDocuments } from "./card-documents";
import { openConsent } from "./consent-window";
import { deleteEverything } from "./delete-everything";
import { openHost } from "./host-pipe";
import { ensureEngine } from "./offscreen";
import { injectIntoFrames } from "./registration";
import { siteStateOf } from "./site-state";

export type Tier = "anySender" | "afterStart" | "ownPages";
export type Sender = Pick<chrome.runtime.MessageSender, "id" | "url" | "tab">;

interface Route<K extends keyof BackgroundMessages> {
  tier: Tier;
  handle(request: BackgroundMessages[K]["request"], sender: Sender): Promise<BackgroundMessages[K]["response"]>;
}

const ROUTES: { [K in keyof BackgroundMessages]: Route<K> } = {
  // Must not wait for start-up: it is what a keystroke after the worker's death waits for.
  ensureEngine: {
    tier: "anySender",
    handle: async () => {
      await ensureEngine();
      return {};
    },
  },
  siteState: {
    tier: "afterStart",
    handle: async (_request, sender) => {
      const state = await siteStateOf(sender);
      if (!state.on && state.why === "unsupported") await showUnsupported(sender.tab?.id);
      return state;
    },
  },
  frameFocused: {
    tier: "afterStart",
    handle: async (_request, sender) => {
      const state = await siteStateOf(sender);
      if (state.on && state.framesMayLackScript && sender.tab?.id !== undefined) await injectIntoFrames(sender.tab.id);
      return {};
    },
  },
  engineConfig: {
    tier: "ownPages",
    handle: async () => ({ backend: (await readSettings()).backend }),
  },
  personalChoice: {
    tier: "ownPages",
    handle: async () => {
      const settings = await readSettings();
      const { personal, usesAdapter, adapterInUse, trainsByItself, trainEpsilon } = settings;
      const adapter = usesAdapter ? adapterInUse : null;
      return { isOn: personal, adapter, trainsByItself, epsilon: trainEpsilon, phrases: usesPhrases(settings) };
    },
  },
  adapterTrained: {
    tier: "ownPages",
    handle: async ({ name }) => {
      await updateSettings((settings) => ({ ...settings, adapterInUse: settings.adapterInUse ?? name }));
      return {};
    },
  },
  engineStatus: {
    tier: "ownPages",
    handle: async ({ status }) => {
      await showBadge(status);
      return {};
    },
  },
  assistSettings: {
    tier: "ownPages",
    handle: ({ site }) => assistSettings(site),
  },
  openConsent: {
    tier: "ownPages",
    handle: async () => {
      await openConsent();
      return {};
    },
  },
  deleteEverything: {
    tier: "ownPages",
    handle: async () => {
      await deleteEverything();
      return {};
    },
  },
  openHost: {
    tier: "ownPages",
    handle: () => openHost(),
  },
  cardAllowed: {
    tier: "ownPages",
    handle: async ({ documentId }) => ({ allowed: (await cardDocuments()).includes(documentId) }),
  },
};

/** Whether a sender may use routes of a tier. */
export function mayUse(tier: Tier, sender: Sender, ownId: string, ownOrigin: string): boolean {
  if (sender.id !== ownId) return false;
  return tier !== "ownPages" || sender.url?.startsWith(ownOrigin) === true;
}

/** Answers one message; true keeps the channel open for it. */
export function routeMessage(
  message: unknown,
  sender: chrome.runtime.MessageSender,
  ready: Promise<void>,
  respond: (reply: Reply<object>) => void,
): boolean {
  const type = typeof message === "object" && message !== null && "type" in message ? message.type : undefined;
  if (!isRoute(type)) {
    // The engine page and our other pages hear the same messages; one of theirs is not ours to refuse.
    if (isMessageOfOthers(type)) return false;
    respond({ ok: false, error: wireError("badRequest", "Unknown message.") });
    return false;
  }
  const { tier, handle } = ROUTES[type] as Route<typeof type>;
  if (!mayUse(tier, sender, chrome.runtime.id, chrome.runtime.getURL(""))) {
    respond({ ok: false, error: wireError("badRequest", "This sender may not ask that.") });
    return false;
  }
  const started = tier === "anySender" ? Promise.resolve() : ready;
  started
    .then(() => handle(message as never, sender))
    .then(
      (value) => respond({ ok: true, value }),
      (error) => respond({ ok: false, error: toWireError(error, `The request ${type} failed.`) }),
    );
  return true;
}

function isRoute(type: unknown): type is keyof BackgroundMessages {
  return typeof type === "string" && Object.hasOwn(ROUTES, type);
}

const OF_ENGINE: Record<keyof EngineMessages, true> = {
  backendPreference: true,
  engineAlive: true,
  telemetry: true,
  exportTelemetry: true,
  packs: true,
  takePack: true,
  personal: true,
  phrases: true,
  personalChanged: true,
  forget: true,
};

function isMessageOfOthers(type: unknown): boolean {
  return typeof type === "string" && Object.hasOwn(OF_ENGINE, type);
}
