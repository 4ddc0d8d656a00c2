// The user's settings: one object in chrome.storage.local under `settings`. Reading validates every field and falls back
// to the default of that field alone, so that a damaged store never switches Sotto off or on by accident.

import { bindingProblem, defaultKeys, KEY_ACTIONS, type KeyBindings } from "./key-bindings";
import { isAdapterName } from "./personal-checks";
import { MAX_OWN_TERM_UTF16, MAX_OWN_TERMS } from "./protocol";

export const SETTINGS_KEY = "settings";

export type BackendPreference = "auto" | "webgpu" | "wasm";

export interface Settings {
  /** Off means off everywhere, whatever the sites say. */
  enabled: boolean;
  /** Origins that the user switched off although they are granted. */
  offSites: string[];
  keys: KeyBindings;
  backend: BackendPreference;
  /** Read suggestions out through the browser's own screen-reader notification. */
  announce: boolean;
  /** Chat and summaries go to the host, where the browser's permission allows it. */
  useHost: boolean;
  /** Where this device is not enough, the user's endpoint is offered. The host has a say of its own. */
  offerCloud: boolean;
  /** Origins whose text never leaves this device. */
  localOnlySites: string[];
  /** Names and words that never leave this device. */
  ownTerms: string[];
  /** Chats are kept on this device beyond the browser's session. */
  keepChats: boolean;
  /** The user switched personalisation on. Which sites are named, the host alone knows: it keeps them sealed. */
  personal: boolean;
  /** Adapters are trained by themselves while nobody asks for anything. */
  trainsByItself: boolean;
  /** The ε of those trainings; null for without privacy. */
  trainEpsilon: number | null;
  /** Without a host's personalisation: phrases that the user wrote on named sites are kept in the browser and suggested. */
  phrases: boolean;
  /** Suggestions on named sites use the adapter below. */
  usesAdapter: boolean;
  /** The name of the adapter in use; null for none. */
  adapterInUse: string | null;
}

export const BACKEND_PREFERENCES: readonly BackendPreference[] = ["auto", "webgpu", "wasm"];

/** What the options offer for ε. */
export const TRAIN_EPSILONS: readonly number[] = [8, 3];

/** More than a person would list by hand; a longer list is damage. */
const MAX_SITES = 10_000;

export function defaultSettings(isMac: boolean): Settings {
  return {
    enabled: true,
    offSites: [],
    keys: defaultKeys(isMac),
    backend: "auto",
    announce: false,
    useHost: true,
    offerCloud: false,
    localOnlySites: [],
    ownTerms: [],
    keepChats: false,
    personal: false,
    trainsByItself: false,
    trainEpsilon: null,
    phrases: false,
    usesAdapter: true,
    adapterInUse: null,
  };
}

/** Settings from whatever the store holds. */
export function parseSettings(raw: unknown, isMac: boolean): Settings {
  const defaults = defaultSettings(isMac);
  if (typeof raw !== "object" || raw === null) return defaults;
  const stored = raw as Record<string, unknown>;
  return {
    enabled: typeof stored.enabled === "boolean" ? stored.enabled : defaults.enabled,
    offSites: parseSites(stored.offSites),
    keys: parseKeys(stored.keys, defaults.keys),
    backend: BACKEND_PREFERENCES.find((preference) => preference === stored.backend) ?? defaults.backend,
    announce: typeof stored.announce === "boolean" ? stored.announce : defaults.announce,
    useHost: typeof stored.useHost === "boolean" ? stored.useHost : defaults.useHost,
    offerCloud: typeof stored.offerCloud === "boolean" ? stored.offerCloud : defaults.offerCloud,
    localOnlySites: parseSites(stored.localOnlySites),
    ownTerms: parseTerms(stored.ownTerms),
    keepChats: typeof stored.keepChats === "boolean" ? stored.keepChats : defaults.keepChats,
    personal: typeof stored.personal === "boolean" ? stored.personal : defaults.personal,
    trainsByItself: typeof stored.trainsByItself === "boolean" ? stored.trainsByItself : defaults.trainsByItself,
    trainEpsilon: TRAIN_EPSILONS.find((epsilon) => epsilon === stored.trainEpsilon) ?? null,
    phrases: typeof stored.phrases === "boolean" ? stored.phrases : defaults.phrases,
    usesAdapter: typeof stored.usesAdapter === "boolean" ? stored.usesAdapter : defaults.usesAdapter,
    adapterInUse: isAdapterName(stored.adapterInUse) ? stored.adapterInUse : defaults.adapterInUse,
  };
}

/** Whether phrases are learned and suggested in the browser: only where the host does not do better. */
export function usesPhrases({ phrases, personal, useHost }: Settings): boolean {
  return phrases && !(personal && useHost);
}

/** Whether a binding belongs to another action already. */
export function bindingTaken(keys: KeyBindings, action: keyof KeyBindings, binding: string): boolean {
  return KEY_ACTIONS.some((other) => other !== action && keys[other] === binding);
}

function parseSites(raw: unknown): string[] {
  if (!Array.isArray(raw)) return [];
  const sites = raw.filter((site): site is string => typeof site === "string" && isWebOrigin(site));
  return [...new Set(sites)].slice(0, MAX_SITES);
}

/** Within what one request may carry. */
export function parseTerms(raw: unknown): string[] {
  if (!Array.isArray(raw)) return [];
  const terms = raw.filter((term): term is string => typeof term === "string").map((term) => term.trim());
  return [...new Set(terms)].filter((term) => term !== "" && term.length <= MAX_OWN_TERM_UTF16).slice(0, MAX_OWN_TERMS);
}

function parseKeys(raw: unknown, defaults: KeyBindings): KeyBindings {
  if (typeof raw !== "object" || raw === null) return defaults;
  const stored = raw as Record<string, unknown>;
  const keys = { ...defaults };
  for (const action of KEY_ACTIONS) {
    const binding = stored[action];
    if (typeof binding === "string" && bindingProblem(binding) === undefined) keys[action] = binding;
  }
  const distinct = new Set(KEY_ACTIONS.map((action) => keys[action])).size === KEY_ACTIONS.length;
  return distinct ? keys : defaults;
}

function isWebOrigin(site: string): boolean {
  try {
    const url = new URL(site);
    return (url.protocol === "https:" || url.protocol === "http:") && url.origin === site;
  } catch {
    return false;
  }
}
