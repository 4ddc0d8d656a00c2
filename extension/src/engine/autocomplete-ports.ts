// Ports of content scripts. What comes in is checked: a content script shares its process with a page.

import { wireError } from "../shared/errors";
import type { KeepsMessage, SuggestionNote, WroteMessage } from "../shared/messages";
import {
  type AutocompleteEvent,
  type AutocompleteRequest,
  MAX_AFTER_UTF16,
  MAX_BEFORE_UTF16,
  type Observation,
} from "../shared/protocol";
import { webOrigin } from "../shared/sites";
import { record } from "../shared/unread";
import type { EngineHost } from "./engine-host";
import type { PersonalDesk } from "./personal/personal-desk";
import type { PhraseDesk } from "./phrases/phrase-desk";

export class AutocompletePorts {
  readonly #host: EngineHost;
  readonly #personal: PersonalDesk<chrome.runtime.Port>;
  readonly #phrases: PhraseDesk<chrome.runtime.Port>;
  readonly #observe: (observation: Observation) => void;

  constructor(
    host: EngineHost,
    personal: PersonalDesk<chrome.runtime.Port>,
    phrases: PhraseDesk<chrome.runtime.Port>,
    observe: (observation: Observation) => void,
  ) {
    this.#host = host;
    this.#personal = personal;
    this.#phrases = phrases;
    this.#observe = observe;
  }

  add(port: chrome.runtime.Port): void {
    port.onMessage.addListener((message: unknown) => this.#receive(port, message));
    port.onDisconnect.addListener(() => {
      this.#host.dropPort(port);
      this.#personal.remove(port);
      this.#phrases.remove(port);
    });
    const site = siteOf(port.sender ?? {});
    const isPrivate = port.sender?.tab?.incognito !== false;
    // Either of them may want its texts; the content script needs to know only whether one does.
    const wanted = { personal: false, phrases: false };
    const tell = (who: keyof typeof wanted) => (keeps: boolean) => {
      const before = wanted.personal || wanted.phrases;
      wanted[who] = keeps;
      const now = wanted.personal || wanted.phrases;
      if (now !== before) post(port, { type: "keeps", keeps: now });
    };
    this.#personal.add(port, { site, isPrivate, tell: tell("personal") });
    this.#phrases.add(port, { site, isPrivate, tell: tell("phrases") });
  }

  #receive(port: chrome.runtime.Port, message: unknown): void {
    const note = checkNote(message);
    if (note) {
      this.#note(note);
      return;
    }
    const wrote = checkWrote(message);
    if (wrote) {
      this.#personal.wrote(port, wrote.text);
      this.#phrases.wrote(port, wrote.text, wrote.field);
      return;
    }
    const request = checkRequest(message);
    if (!request.ok) {
      post(port, { type: "error", id: request.id, error: request.error });
      return;
    }
    const { value } = request;
    switch (value.type) {
      case "suggest": {
        const own = this.#phrases.answer(port, value);
        if (own) {
          // What the model still works on for this port is stale.
          this.#host.forgetRequests(port);
          post(port, own);
        } else {
          this.#host.suggest(port, value);
        }
        break;
      }
      case "cancel":
        this.#host.cancel(port, value.id);
        break;
      case "warm":
        this.#host.warm();
        post(port, { type: "status", id: value.id, status: this.#host.status });
        break;
    }
  }

  #note(note: SuggestionNote): void {
    if (note.type === "accepted") {
      this.#observe(note);
      return;
    }
    this.#observe({ type: "shown" });
    const { latencyMs } = note;
    if (latencyMs !== null) {
      this.#observe({ type: "answered", task: "autocomplete", tier: "browser", latencyMs });
    }
  }
}

/** What a content script tells of its suggestions, within limits; undefined for everything else. */
export function checkNote(message: unknown): SuggestionNote | undefined {
  const { type, latencyMs, words } = record(message);
  if (type === "shown") return { type, latencyMs: isU32(latencyMs) ? latencyMs : null };
  if (type === "accepted" && isU32(words) && words > 0) return { type, words };
  return undefined;
}

/** What a content script says that the user wrote; whether it is kept, and within which limits, the desk knows. */
export function checkWrote(message: unknown): WroteMessage | undefined {
  const { type, text, field } = record(message);
  return type === "wrote" && typeof text === "string" && isU32(field) ? { type, text, field } : undefined;
}

/** The site of a frame, as the browser says; none for one whose origin is opaque, such as a sandboxed one. */
export function siteOf({ origin, url }: Pick<chrome.runtime.MessageSender, "origin" | "url">): string | null {
  return webOrigin(origin ?? url) ?? null;
}

type Checked =
  | { ok: true; value: AutocompleteRequest }
  | { ok: false; id: number; error: ReturnType<typeof wireError> };

/** A request of the protocol within its limits, or the error to answer with. Never quotes what was sent. */
export function checkRequest(message: unknown): Checked {
  const raw = (typeof message === "object" && message !== null ? message : {}) as Record<string, unknown>;
  const id = isU32(raw.id) ? raw.id : 0;
  const bad = (text: string): Checked => ({ ok: false, id, error: wireError("badRequest", text) });
  if (!isU32(raw.id)) return bad("A request needs an id.");
  switch (raw.type) {
    case "cancel":
    case "warm":
      return { ok: true, value: { type: raw.type, id } };
    case "suggest": {
      const { before, after, field } = raw;
      if (typeof before !== "string" || typeof after !== "string")
        return bad("A suggestion needs text around the caret.");
      if (before.length > MAX_BEFORE_UTF16 || after.length > MAX_AFTER_UTF16) {
        return { ok: false, id, error: wireError("tooLarge", "The text around the caret is too long.") };
      }
      const hints = (typeof field === "object" && field !== null ? field : {}) as Record<string, unknown>;
      const roomChars = isU32(hints.roomChars) && hints.roomChars <= 0xffff ? hints.roomChars : null;
      return {
        ok: true,
        value: { type: "suggest", id, before, after, field: { singleLine: hints.singleLine === true, roomChars } },
      };
    }
    default:
      return bad("Unknown request.");
  }
}

function isU32(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}

function post(port: chrome.runtime.Port, event: AutocompleteEvent | KeepsMessage): void {
  try {
    port.postMessage(event);
  } catch {
    // The port closed in the meantime.
  }
}
