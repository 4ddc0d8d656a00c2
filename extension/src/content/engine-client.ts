// The content script's side of the port to the engine. Connects on first use, again after the port is lost (the engine
// page was closed, the tab came back from the page cache), and ends every request exactly once: with the engine's answer
// or with `peerGone`.

import { SottoError, wireError } from "../shared/errors";
import { type KeepsMessage, type SuggestionNote, send, type WroteMessage } from "../shared/messages";
import {
  AUTOCOMPLETE_PORT,
  type AutocompleteEvent,
  type AutocompleteRequest,
  type FieldHints,
  type SuggestionSource,
  type SuggestOutcome,
  type WireError,
} from "../shared/protocol";

import { isExtensionAlive } from "./extension-alive";

export type Answer =
  | { type: "outcome"; outcome: SuggestOutcome; source: SuggestionSource }
  | { type: "error"; error: WireError };

export class EngineClient {
  #port: chrome.runtime.Port | undefined;
  #connecting: Promise<chrome.runtime.Port | undefined> | undefined;
  #nextId = 1;
  readonly #pending = new Map<number, (answer: Answer) => void>();
  readonly #onOrphaned: () => void;
  readonly #onKeeps: (keeps: boolean) => void;

  /**
   * `onOrphaned` is called when the extension was reloaded or removed: this script can do nothing any more. `onKeeps` hears
   * whether what the user writes on this page is kept; with a new connection not until that is said again.
   */
  constructor(onOrphaned: () => void, onKeeps: (keeps: boolean) => void) {
    this.#onOrphaned = onOrphaned;
    this.#onKeeps = onKeeps;
  }

  /** Asks the engine to load, so that the first keystroke does not wait for it. */
  warm(): void {
    void this.#withPort((port) => this.#post(port, { type: "warm", id: this.#takeId() }));
  }

  /** Asks for a suggestion; `answer` is called once. Returns the request's id. */
  suggest(before: string, after: string, field: FieldHints, answer: (answer: Answer) => void): number {
    const id = this.#takeId();
    this.#pending.set(id, answer);
    const request: AutocompleteRequest = { type: "suggest", id, before, after, field };
    if (this.#port) {
      this.#post(this.#port, request);
    } else {
      void this.#withPort((port) => {
        // Superseded while connecting: only the newest is worth sending.
        if (this.#pending.has(id)) this.#post(port, request);
      });
    }
    return id;
  }

  /** The answer is no longer wanted; its callback will not be called. */
  cancel(id: number): void {
    if (this.#pending.delete(id) && this.#port) this.#post(this.#port, { type: "cancel", id });
  }

  /** Like `cancel`, where a newer request follows at once: the engine drops the older one by itself. */
  forget(id: number): void {
    this.#pending.delete(id);
  }

  /** Tells what became of a suggestion, for the counts on this device. Not worth a connection of its own. */
  note(note: SuggestionNote): void {
    if (this.#port) this.#post(this.#port, note);
  }

  /** Tells what the user wrote in a field that they left, on a page whose texts are kept. */
  wrote(text: string, field: number): void {
    if (this.#port) this.#post(this.#port, { type: "wrote", text, field });
  }

  close(): void {
    this.#port?.disconnect();
    this.#port = undefined;
    this.#onKeeps(false);
    this.#failAll();
  }

  #takeId(): number {
    const id = this.#nextId;
    this.#nextId = id >= 0xffff_ffff ? 1 : id + 1;
    return id;
  }

  async #withPort(use: (port: chrome.runtime.Port) => void): Promise<void> {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    const port = await this.#connecting;
    if (port) use(port);
    else this.#failAll();
  }

  async #connect(): Promise<chrome.runtime.Port | undefined> {
    if (this.#port) return this.#port;
    if (this.#isOrphaned()) return undefined;
    try {
      await send("ensureEngine", {});
    } catch (error) {
      if (!(error instanceof SottoError)) throw error;
      this.#isOrphaned();
      return undefined;
    }
    if (this.#isOrphaned()) return undefined;
    const port = chrome.runtime.connect({ name: AUTOCOMPLETE_PORT });
    port.onMessage.addListener((event: AutocompleteEvent | KeepsMessage) => this.#receive(event));
    port.onDisconnect.addListener(() => {
      // Reading lastError tells the browser that it was noticed.
      void chrome.runtime?.lastError;
      if (this.#port !== port) return;
      this.#port = undefined;
      this.#onKeeps(false);
      this.#failAll();
      this.#isOrphaned();
    });
    this.#port = port;
    return port;
  }

  #post(port: chrome.runtime.Port, request: AutocompleteRequest | SuggestionNote | WroteMessage): void {
    try {
      port.postMessage(request);
    } catch {
      // The port closed before its event came.
      if (this.#port === port) {
        this.#port = undefined;
        this.#onKeeps(false);
      }
      this.#failAll();
      this.#isOrphaned();
    }
  }

  #receive(event: AutocompleteEvent | KeepsMessage): void {
    if (event.type === "keeps") {
      this.#onKeeps(event.keeps);
      return;
    }
    if (event.type === "status") return;
    const answer = this.#pending.get(event.id);
    if (!answer) return;
    this.#pending.delete(event.id);
    if (event.type === "error") answer({ type: "error", error: event.error });
    else answer({ type: "outcome", outcome: event.outcome, source: event.source });
  }

  #failAll(): void {
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    const error = wireError("peerGone", "The engine stopped; the next keystroke starts it again.", true);
    for (const answer of waiting) answer({ type: "error", error });
  }

  #isOrphaned(): boolean {
    const orphaned = !isExtensionAlive();
    if (orphaned) this.#onOrphaned();
    return orphaned;
  }
}
