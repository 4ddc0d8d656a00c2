// Owns the worker: starts it on demand, gives it work, and notices when it dies. Whatever was pending then ends with
// `peerGone`, and the next request starts a new one.

import type { TextRequest } from "../shared/assist-messages";
import { toWireError, wireError } from "../shared/errors";
import type { AutocompleteEvent, EngineStatus, HostEvent, Observation, WireError } from "../shared/protocol";
import type { BackendPreference } from "../shared/settings";
import { AssistQueue } from "./assist/assist-queue";
import type { CalibrationStore } from "./calibration-store";
import { Countdown } from "./countdown";
import type { LoadedAdapter } from "./personal/personal-desk";
import { RequestQueue, type SuggestRequest } from "./request-queue";
import { isFallback } from "./telemetry/telemetry-schema";
import { noteFailure } from "./telemetry/trust-notes";
import type { FromWorker, MeasureResult, ToWorker } from "./worker-messages";

/** Whom the events of an answer go to. */
export interface AssistSink {
  postMessage(event: HostEvent): void;
}

export interface HostParts {
  makeWorker(): Worker;
  store: CalibrationStore;
  readPreference(): Promise<BackendPreference>;
  /** Somebody asked for something. */
  used(): void;
  /** For the counts on this device. */
  observe(observation: Observation): void;
  /** The adapter for the suggestions of this port; null for none. */
  adapterOf(port: chrome.runtime.Port): string | null;
  /** What the engine says of the adapter that it was given; null: it takes it. */
  adapterGiven(name: string, error: WireError | null): void;
}

/** Longest time for one suggestion before the worker counts as hung. A software WebGPU adapter takes 15 s for its first. */
const HANG_MS = 60_000;

/** Longest silence in the middle of an answer: a long text is read in parts, and each of them is told. */
const ASSIST_HANG_MS = 120_000;

/** Deaths of the worker without one answer in between, after which it is not started again by itself. */
const MAX_DEATHS = 3;

/** A tab asks about once a minute while it is used; after this long without any request the model is unloaded. */
const UNLOAD_AFTER_MS = 20 * 60_000;

export class EngineHost {
  readonly #parts: HostParts;
  readonly #statusListeners = new Set<(status: EngineStatus) => void>();
  readonly #queue: RequestQueue<chrome.runtime.Port>;
  readonly #assists: AssistQueue<AssistSink>;
  readonly #measuring = new Map<number, (result: MeasureResult) => void>();
  readonly #exchanging = new Map<number, (error: WireError | null) => void>();
  #nextKey = 1;
  /** Given again to each worker: one that starts has none. */
  #adapter: LoadedAdapter | null = null;
  #worker: Worker | undefined;
  #status: EngineStatus = { type: "idle" };
  #deaths = 0;
  readonly #hang = new Countdown(HANG_MS, () => this.#died());
  readonly #assistHang = new Countdown(ASSIST_HANG_MS, () => this.#died());
  readonly #unload = new Countdown(UNLOAD_AFTER_MS, () => this.#unloadIfIdle());

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#queue = new RequestQueue<chrome.runtime.Port>(
      {
        start: (key, request, port) => {
          this.#hang.start();
          this.#post({ type: "suggest", key, request, adapter: parts.adapterOf(port) });
        },
        supersede: () => this.#post({ type: "supersede" }),
      },
      (port, event) => {
        if (event.type === "done" && event.outcome.type === "suppress") {
          parts.observe({ type: "suppressed", reason: event.outcome.reason });
        }
        answer(port, event);
      },
    );
    this.#assists = new AssistQueue<AssistSink>(
      {
        start: (key, request) => {
          // The model does one thing at a time; suggestions wait outside, where a newer one replaces an older one.
          this.#queue.setOpen(false);
          this.#assistHang.start();
          this.#post({ type: "assist", key, request });
        },
        supersede: (key) => this.#post({ type: "supersedeAssist", key }),
        idle: () => this.#queue.setOpen(this.#status.type === "ready"),
      },
      (sink, event) => sink.postMessage(event),
    );
  }

  get status(): EngineStatus {
    return this.#status;
  }

  onStatus(listener: (status: EngineStatus) => void): void {
    this.#statusListeners.add(listener);
  }

  /** Loads the engine if it is not there. A failure is tried again only on request: the files do not change by waiting. */
  warm(): void {
    this.#unload.start();
    if (!this.#worker && this.#status.type !== "failed") this.#start();
  }

  /** Loads the engine, also after a failure. */
  load(): void {
    this.#deaths = 0;
    this.#ensureWorker();
  }

  suggest(port: chrome.runtime.Port, request: SuggestRequest): void {
    this.#parts.used();
    this.#queue.submit(port, request);
    this.#serve();
  }

  /** Chat or summary; its events go to the sink. */
  assist(sink: AssistSink, request: TextRequest): void {
    this.#parts.used();
    this.#assists.submit(sink, request);
    this.#serve();
  }

  cancelAssist(sink: AssistSink, id: number): void {
    this.#assists.cancel(sink, id);
  }

  cancel(port: chrome.runtime.Port, id: number): void {
    this.#queue.cancel(port, id);
  }

  /** Everything that this port asked for ends: it was answered in another way. */
  forgetRequests(port: chrome.runtime.Port): void {
    this.#parts.used();
    this.#queue.cancelPort(port);
  }

  dropPort(port: chrome.runtime.Port): void {
    this.#queue.dropPort(port);
  }

  /** Speed of the loaded engine, for the benchmark. */
  measure(prefillTokens: number, decodeTokens: number): Promise<MeasureResult> {
    if (!this.#worker || this.#status.type !== "ready") {
      return Promise.resolve({
        type: "measureFailed",
        error: wireError("notReady", "The engine is not loaded.", true),
      });
    }
    const key = this.#nextKey++;
    return new Promise((resolve) => {
      this.#measuring.set(key, resolve);
      this.#post({ type: "measure", key, prefillTokens, decodeTokens });
    });
  }

  /**
   * Puts another pack in place of the one in use (null: the one that ships), once it gave its known answer. Gives what came in
   * the way; the model from before stays then.
   */
  async usePack(version: number | null): Promise<WireError | null> {
    const status = await this.#settled();
    if (status.type === "failed") return status.error;
    const key = this.#nextKey++;
    return new Promise((resolve) => {
      this.#exchanging.set(key, resolve);
      this.#post({ type: "usePack", key, version });
    });
  }

  /** The engine's state once it is ready, or cannot be. Loads it if it is not there. */
  #settled(): Promise<EngineStatus> {
    this.#ensureWorker();
    return new Promise((resolve) => {
      const look = (status: EngineStatus) => {
        if (status.type !== "ready" && status.type !== "failed") return;
        this.#statusListeners.delete(look);
        resolve(status);
      };
      this.#statusListeners.add(look);
      look(this.#status);
    });
  }

  /** The adapter that suggestions may ask for by its name. Starts no engine. */
  setAdapter(adapter: LoadedAdapter | null): void {
    this.#adapter = adapter;
    this.#post({ type: "adapter", adapter });
  }

  measureAgain(): void {
    this.#parts.store.write(null);
    this.#parts.store.setTrying(false);
    if (this.#worker && this.#status.type === "ready") this.#post({ type: "measureAgain" });
    else this.#restart();
  }

  /** The choice of backend in the options changed: load again, with the new one. */
  preferenceChanged(): void {
    // Whoever asks for WebGPU again gets another try.
    this.#parts.store.setTrying(false);
    if (this.#worker || this.#status.type === "failed") this.#restart();
  }

  /** Starts the worker for what is in line; a failure that does not pass by waiting answers it at once. */
  #serve(): void {
    if (this.#status.type === "failed" && !this.#status.error.retryable) this.#failAll(this.#status.error);
    else this.#ensureWorker();
  }

  #failAll(error: WireError): void {
    this.#queue.failAll(error);
    this.#assists.failAll(error);
  }

  #setOpen(open: boolean): void {
    this.#queue.setOpen(open && !this.#assists.isRunning);
    this.#assists.setOpen(open);
  }

  #ensureWorker(): void {
    this.#unload.start();
    if (!this.#worker) this.#start();
  }

  #restart(): void {
    this.#deaths = 0;
    this.#end(wireError("peerGone", "The engine is starting again.", true), { type: "idle" });
    this.#start();
  }

  #start(): void {
    const worker = this.#parts.makeWorker();
    this.#worker = worker;
    this.#setStatus({ type: "loading" });
    if (this.#adapter) this.#post({ type: "adapter", adapter: this.#adapter });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (this.#worker === worker) this.#receive(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.#worker === worker) this.#died();
    };
    worker.onmessageerror = () => {
      if (this.#worker === worker) this.#died();
    };
    void this.#sendLoad(worker);
  }

  async #sendLoad(worker: Worker): Promise<void> {
    let preference: BackendPreference = "auto";
    try {
      preference = await this.#parts.readPreference();
    } catch {
      // The service worker is being replaced; measuring is what "auto" does anyway.
    }
    if (this.#worker !== worker) return;
    const { store } = this.#parts;
    this.#post({ type: "load", preference, calibration: store.read(), crashedBefore: store.crashedBefore() });
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "status":
        this.#setStatus(message.status);
        break;
      case "event":
        this.#hang.stop();
        if (message.event.type === "done") this.#deaths = 0;
        this.#noteLatency(message.event);
        this.#queue.finished(message.key, message.event);
        break;
      case "assistEvent":
        this.#assistEvent(message.key, message.event);
        break;
      case "memory":
        this.#parts.observe({ type: "memory", tier: "browser", mib: message.mib });
        break;
      case "measured":
        this.#measuring.get(message.key)?.(message.result);
        this.#measuring.delete(message.key);
        break;
      case "packUsed":
        if (message.error) noteFailure(this.#parts.observe, message.error);
        this.#exchanging.get(message.key)?.(message.error);
        this.#exchanging.delete(message.key);
        break;
      case "packRefused":
        noteFailure(this.#parts.observe, message.error);
        this.#parts.observe({ type: "fellBack", reason: "storedModelRefused" });
        break;
      case "adapterGiven":
        this.#parts.adapterGiven(message.name, message.error);
        break;
      case "calibration":
        this.#parts.store.write(message.calibration);
        break;
      case "trying":
        this.#parts.store.setTrying(message.trying);
        this.#post({ type: "tryingNoted" });
        break;
    }
  }

  #assistEvent(key: number, event: HostEvent): void {
    this.#assistHang.start();
    if (event.type === "done") this.#deaths = 0;
    this.#assists.event(key, event);
    if (!this.#assists.isRunning) this.#assistHang.stop();
    this.#unload.start();
  }

  #noteLatency(event: AutocompleteEvent): void {
    if (event.type !== "done" || this.#status.type !== "ready") return;
    const engine = { ...this.#status.engine, lastLatencyMs: event.timing.totalMs };
    this.#status = { type: "ready", engine };
    for (const listener of this.#statusListeners) listener(this.#status);
  }

  #setStatus(status: EngineStatus): void {
    const last = this.#status;
    if (status.type === "ready" && last.type === "ready" && status.engine.lastLatencyMs === null) {
      // A change of backend keeps the last figure until there is a new one.
      status = { type: "ready", engine: { ...status.engine, lastLatencyMs: last.engine.lastLatencyMs } };
    }
    this.#status = status;
    this.#noteBackend(last, status);
    if (status.type === "failed") {
      noteFailure(this.#parts.observe, status.error);
      this.#terminate();
      this.#setOpen(false);
      this.#failAll(status.error);
    } else {
      this.#setOpen(status.type === "ready");
    }
    for (const listener of this.#statusListeners) listener(status);
  }

  /** A backend that had to give way counts once, when that comes up. */
  #noteBackend(last: EngineStatus, status: EngineStatus): void {
    if (status.type !== "ready") return;
    const { backendReason: reason } = status.engine;
    const isNew = last.type !== "ready" || last.engine.backendReason !== reason;
    const { version } = status.engine;
    if (last.type !== "ready" || last.engine.version !== version) {
      this.#parts.observe({ type: "loaded", what: "browserModel", version });
    }
    if (isNew && isFallback(reason)) this.#parts.observe({ type: "fellBack", reason });
  }

  #died(): void {
    this.#deaths += 1;
    const hopeless = this.#deaths >= MAX_DEATHS;
    if (!hopeless && this.#status.type === "loading" && this.#parts.store.crashedBefore()) {
      // WebGPU took it along. Nothing ran yet, and what waits is answered by WebAssembly, which the next start stays on.
      this.#terminate();
      this.#start();
      return;
    }
    const error = hopeless
      ? wireError("internal", "The engine stopped several times in a row.")
      : wireError("peerGone", "The engine stopped unexpectedly; the next request starts it again.", true);
    this.#end(error, hopeless ? { type: "failed", error } : { type: "idle" });
  }

  #end(error: WireError, status: EngineStatus): void {
    this.#terminate();
    this.#setOpen(false);
    this.#failAll(error);
    this.#setStatus(status);
  }

  #terminate(): void {
    this.#hang.stop();
    this.#assistHang.stop();
    this.#worker?.terminate();
    this.#worker = undefined;
    const error = wireError("peerGone", "The engine stopped.", true);
    for (const resolve of this.#measuring.values()) resolve({ type: "measureFailed", error });
    this.#measuring.clear();
    for (const resolve of this.#exchanging.values()) resolve(error);
    this.#exchanging.clear();
  }

  #post(message: ToWorker): void {
    try {
      this.#worker?.postMessage(message);
    } catch (error) {
      const failure = toWireError(error, "A message to the engine could not be sent.");
      this.#end(failure, { type: "idle" });
    }
  }

  #unloadIfIdle(): void {
    if (!this.#queue.isIdle || !this.#assists.isIdle) return;
    this.#end(wireError("peerGone", "The engine was unloaded.", true), { type: "idle" });
  }
}

function answer(port: chrome.runtime.Port, event: AutocompleteEvent): void {
  try {
    port.postMessage(event);
  } catch {
    // The port closed in the meantime; its own event cleans up.
  }
}
