// Messages inside the extension that do not go through a port. One map types both directions: what is sent, and what
// comes back. A handler that throws reaches the caller as a `SottoError` with its code.

import { SottoError, wireError } from "./errors";
import type { KeyBindings } from "./key-bindings";
import type {
  CloudSetting,
  EngineStatus,
  Epsilon,
  Export,
  SiteRule,
  SuggestionSource,
  SuppressionReason,
  TelemetryView,
  WireError,
} from "./protocol";
import type { TakenSelection } from "./selection";
import type { BackendPreference } from "./settings";

/** To the service worker. */
export interface BackgroundMessages {
  /** Makes the engine's offscreen page if there is none. */
  ensureEngine: { request: object; response: object };
  /** What the sender's tab allows; the tab comes from the browser, never from the payload. */
  siteState: { request: object; response: SiteState };
  /** The focus went into a frame of the sender's page; the frame may belong to a site that is off by itself. */
  frameFocused: { request: object; response: object };
  /** The engine page asks at start-up: it cannot read the store itself. */
  engineConfig: { request: object; response: { backend: BackendPreference } };
  /** The engine page asks whether the user switched personalisation on, and which adapter is in use. */
  personalChoice: { request: object; response: PersonalChoiceReply };
  /** The engine page: an adapter of this name was trained and is better than none. It is used if no other one is. */
  adapterTrained: { request: { name: string }; response: object };
  /** The engine page tells every change of its state, for the badge. */
  engineStatus: { request: { status: EngineStatus }; response: object };
  /** The engine page asks what holds for a chat or summary about a site (an origin; null for none). */
  assistSettings: { request: { site: string | null }; response: AssistSettings };
  /** The engine page asks for the sheet's window: opens it, or brings it to the front. */
  openConsent: { request: object; response: object };
  /** The options page: forget everything that this extension keeps, and everything that it was allowed. */
  deleteEverything: { request: object; response: object };
  /** The engine page asks for the pipe to the host; it comes as a port of its own. */
  openHost: { request: object; response: HostUse };
  /** Whether the user asked for a summary in this document; the engine page asks when a card does. */
  cardAllowed: { request: { documentId: string }; response: { allowed: boolean } };
}

/** The user's choices about what is personal. */
export interface PersonalChoiceReply {
  /** The host's personalisation. */
  isOn: boolean;
  /** The adapter in use; null for none. */
  adapter: string | null;
  /** Whether adapters are trained by themselves while nobody asks for anything. */
  trainsByItself: boolean;
  /** The ε of those trainings; null for without privacy. */
  epsilon: number | null;
  /** The phrases of this browser, which are off where the host's personalisation is on. */
  phrases: boolean;
}

/** What the policy wants to know of the user's settings. */
export interface AssistSettings {
  useHost: boolean;
  /** Why the host is not used, as a sentence. */
  why: string;
  cloud: CloudSetting;
  siteRule: SiteRule;
  /** Names and words that never leave this device. */
  ownTerms: string[];
}

/** Whether the host is to be used (`client` is our own version, for its greeting), or the sentence that says why not. */
export type HostUse = { use: true; client: string } | { use: false; why: string };

/** On the pipe to the host, from the service worker: what the host said, and the browser's sentence at its end. */
export type HostPipeMessage = { type: "message"; message: unknown } | { type: "closed"; lastError: string };

export type SiteState =
  | { on: false; why: "off" | "unsupported" }
  | {
      on: true;
      keys: KeyBindings;
      announce: boolean;
      /** Some sites are off: their frames do not have the script, and are to be asked for when they get the focus. */
      framesMayLackScript: boolean;
    };

/** To the engine page. */
export interface EngineMessages {
  /** The choice of backend in the options changed. */
  backendPreference: { request: object; response: object };
  /** Is the page there and listening? */
  engineAlive: { request: object; response: object };
  /** From our own pages: what was counted on this device. */
  telemetry: { request: object; response: { view: TelemetryView } };
  /** From our own pages, because the user asked for it: the counts with noise. */
  exportTelemetry: { request: { epsilon: Epsilon }; response: { export: Export } };
  /** From the options page: which model is in use, and whether the host has a newer one. */
  packs: { request: object; response: { view: PacksView } };
  /** From the options page, because the user asked for it: take the offered model over, or go back to the one that ships. */
  takePack: { request: { version: number | null }; response: object };
  /** The settings of personalisation changed, or one of our pages changed something about it on the host. */
  personalChanged: { request: object; response: object };
  /** From the options page: what personalisation comes to in this browser. */
  personal: { request: object; response: { view: PersonalView } };
  /** From the options page and the popup: about the phrases that this browser keeps. */
  phrases: { request: { task: PhraseTask }; response: PhrasesReply };
  /** From the service worker: forget what was counted, measured and offered. */
  forget: { request: object; response: object };
}

/** The models of this browser. */
export interface PacksView {
  /** Version in use. */
  inUse: number;
  /** Version of the one that ships inside the extension. */
  packaged: number;
  /** A newer one of the host's, and the bytes that would be taken over. */
  offer: { version: number; bytes: number } | null;
  /** Why the host could not be asked, as a sentence; empty if it was. */
  why: string;
  /** What could not be used. */
  refused: { version: number; error: WireError } | null;
  /** What is being taken over, in bytes. */
  progress: { version: number; done: number; total: number } | null;
}

/** What personalisation comes to in this browser. */
export interface PersonalView {
  /** Why nothing is kept and no adapter used, as a sentence; empty if there is no reason. */
  trouble: string;
  /** The adapter that suggestions on named sites use. */
  adapter: string | null;
  /** Why it is not used after all. */
  adapterTrouble: string;
  /** Version of the model that this browser uses, which adapters are trained for. */
  model: number;
  /** Why no training begins by itself just now, or what came of the last one, as a sentence. */
  training: string;
}

/** What our pages ask about the phrases of this browser. */
export type PhraseTask =
  | { type: "status" }
  /** Name a site, or take it back. */
  | { type: "setSite"; site: string; isNamed: boolean }
  /** Those that hold a text; behind the one of that number, where the list goes on. */
  | { type: "search"; query: string; after: number | null }
  | { type: "erase"; number: number }
  /** Erase everything, and throw the key away. */
  | { type: "eraseAll" };

export interface PhrasesReply {
  /** Whether they are learned and suggested. */
  isOn: boolean;
  /** Why they cannot be read or kept, as a sentence; empty otherwise. */
  trouble: string;
  sites: string[];
  count: number;
  kib: number;
  maxKib: number;
  maxDays: number;
  /** What `search` found, the newest first. */
  found: FoundPhrase[];
  hasMore: boolean;
}

export interface FoundPhrase {
  number: number;
  text: string;
  site: string;
  /** How often it was written. */
  times: number;
  /** The last day on which it was, counted from 1970. */
  day: number;
}

/** To content scripts. */
export interface ContentMessages {
  /** Site grants or settings changed: ask for the site's state again. */
  siteStateChanged: { request: object; response: object };
  /** Test and benchmark hook, and the popup's "why is nothing shown". Answers extension pages only. */
  "sotto.inspect": { request: object; response: Inspection };
  /** To a summary card, from the service worker: show this. */
  "sotto.card": { request: { order: CardOrder }; response: object };
}

/** What a card is to summarise. */
export type CardOrder = Omit<TakenSelection, "hasFocus">;

export interface Inspection {
  visible: boolean;
  text: string;
  /** Why nothing is shown, where there is a reason. */
  reason: InspectionReason | null;
  /** Who wrote the suggestion that was shown last. */
  source: SuggestionSource | null;
  /** Whether that may still change without a keystroke. */
  waiting: boolean;
  /** From the key event to the frame that shows the ghost, newest last. */
  keyToGhostMs: number[];
  /** Work in this frame's event handlers for one keystroke, newest last. */
  mainThreadMs: number[];
  ghostRect: { x: number; y: number; width: number; height: number } | null;
  /** How often this frame read text out of a field. */
  textReads: number;
}

export type InspectionReason = SuppressionReason | "dismissed" | "engineError" | "acceptFailed" | "stopped";

/** On the suggestions' port, from a content script: what became of a suggestion. Counted, never kept by itself. */
export type SuggestionNote =
  /** It is on screen; from the key to the frame that shows it, where a key called for it. */
  | { type: "shown"; latencyMs: number | null }
  /** It is gone, and so many of its words were accepted. Once for each suggestion. */
  | { type: "accepted"; words: number };

/** On the suggestions' port, to a content script: whether what the user writes on its page is kept. Not so until it is told. */
export interface KeepsMessage {
  type: "keeps";
  keeps: boolean;
}

/** On the suggestions' port, from a content script that was told so: what the user wrote in a field that they left. */
export interface WroteMessage {
  type: "wrote";
  text: string;
  /** Which of the frame's fields, so that what stands in it since is not learned twice. */
  field: number;
}

/** Commands on the status port, from our own pages to the engine page. */
export type StatusCommand =
  | { type: "load" }
  /** Forget the calibration and choose the backend again. */
  | { type: "measureAgain" }
  /** Speed of the loaded engine alone, for the benchmark. */
  | { type: "measure"; prefillTokens: number; decodeTokens: number };

/** On the status port, from the engine page: every state, and answers to `measure`. */
export type StatusEvent =
  | EngineStatus
  | { type: "measured"; prefillMs: number; decodeTokPerS: number }
  | { type: "measureFailed"; error: WireError };

type AllMessages = BackgroundMessages & EngineMessages & ContentMessages;
export type MessageType = keyof AllMessages;
export type RequestOf<K extends MessageType> = AllMessages[K]["request"];
export type ResponseOf<K extends MessageType> = AllMessages[K]["response"];

/** What crosses the boundary. */
export type Reply<T> = { ok: true; value: T } | { ok: false; error: WireError };

/** Sends one message and waits for its answer. Throws `SottoError`. */
export async function send<K extends keyof (BackgroundMessages & EngineMessages)>(
  type: K,
  request: RequestOf<K>,
): Promise<ResponseOf<K>> {
  let reply: Reply<ResponseOf<K>> | undefined;
  try {
    reply = await chrome.runtime.sendMessage({ ...request, type });
  } catch (cause) {
    throw new SottoError(wireError("peerGone", "Sotto is restarting.", true), { cause });
  }
  if (!reply) throw new SottoError(wireError("peerGone", "Nobody answered.", true));
  if (!reply.ok) throw new SottoError(reply.error);
  return reply.value;
}
