// What is counted on this device, kept between starts. **It is never sent.** Counting is core's (in wasm); this file holds the
// one copy, in localStorage, the one store that an offscreen page has. What is observed before the wasm is there waits.

import type { Counters } from "sotto-wasm";
import type { Epsilon, Export, Observation, TelemetryView } from "../../shared/protocol";
import { Countdown } from "../countdown";
import { schema } from "./telemetry-schema";

const KEY = "telemetry";

/** Between the first observation that is not stored yet and the storing. */
const STORE_AFTER_MS = 3_000;

/** Observations that wait for the wasm; more than this come only if it never loads. */
const MAX_WAITING = 200;

export interface BookParts {
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  counters(stored: string): Promise<Pick<Counters, "record" | "stored" | "view" | "export">>;
}

export class TelemetryBook {
  readonly #parts: BookParts;
  #opening: ReturnType<BookParts["counters"]> | undefined;
  #open: Awaited<ReturnType<BookParts["counters"]>> | undefined;
  #waiting: Observation[] = [];
  #isChanged = false;
  readonly #storing = new Countdown(STORE_AFTER_MS, () => this.flush());

  constructor(parts: BookParts) {
    this.#parts = parts;
  }

  observe(observation: Observation): void {
    if (this.#open) {
      this.#record(this.#open, observation);
    } else if (this.#waiting.length < MAX_WAITING) {
      this.#waiting.push(observation);
      // Counting is nobody's reason to fail.
      void this.#counters().catch(() => undefined);
    }
  }

  async view(): Promise<TelemetryView> {
    return JSON.parse((await this.#counters()).view()) as TelemetryView;
  }

  /** Counts with noise, which the user asked for and gives away by hand. */
  async export(epsilon: Epsilon): Promise<Export> {
    const counters = await this.#counters();
    return JSON.parse(counters.export(JSON.stringify(schema()), JSON.stringify(epsilon))) as Export;
  }

  /** Stores what is not stored yet. */
  flush(): void {
    this.#storing.stop();
    if (!this.#open || !this.#isChanged) return;
    this.#isChanged = false;
    this.#parts.storage.setItem(KEY, this.#open.stored());
  }

  /** Forgets everything. */
  clear(): void {
    this.#storing.stop();
    this.#parts.storage.removeItem(KEY);
    this.#waiting = [];
    this.#isChanged = false;
    this.#open = undefined;
    this.#opening = undefined;
  }

  #counters(): ReturnType<BookParts["counters"]> {
    this.#opening ??= this.#start();
    return this.#opening;
  }

  async #start(): ReturnType<BookParts["counters"]> {
    try {
      const counters = await this.#parts.counters(this.#parts.storage.getItem(KEY) ?? "{}");
      this.#open = counters;
      for (const observation of this.#waiting.splice(0)) this.#record(counters, observation);
      return counters;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  #record(counters: Pick<Counters, "record">, observation: Observation): void {
    try {
      counters.record(JSON.stringify(observation));
    } catch {
      // What is no observation is not counted.
      return;
    }
    if (!this.#isChanged) this.#storing.start();
    this.#isChanged = true;
  }
}
