// What personalisation comes to in this browser: which ports' texts are kept, and which adapter their suggestions use.
// **The host is asked only if the user switched it on here**, and what it says of sites stays in memory: on disk they are
// sealed, and only the host has the key. Without the host, or with its key locked, nothing is kept and no adapter used;
// suggestions go on as without, and the options page says why. Knows no browser API, so that tests can drive it.

import { SottoError, toWireError, wireError } from "../../shared/errors";
import type { PersonalView } from "../../shared/messages";
import {
  type AdapterView,
  MAX_KEPT_UTF16,
  MIN_KEPT_UTF16,
  type Observation,
  type PersonalStatus,
  type WireError,
} from "../../shared/protocol";
import { askHost, misbehaved } from "../assist/ask-host";
import type { AssistTier } from "../assist/tier";
import { dayOf, noteFailure } from "../telemetry/trust-notes";
import { readAdapter } from "./read-adapter";

/** What the settings say. */
export interface PersonalChoice {
  isOn: boolean;
  /** The adapter in use; null for none. */
  adapter: string | null;
}

/** An adapter as the worker takes it. */
export interface LoadedAdapter {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** One content script, as the browser describes it. */
export interface Writer {
  /** Origin of its page; null for pages that have none. */
  site: string | null;
  /** A private window: what is written there is never kept. */
  isPrivate: boolean;
  /** Tells it whether its texts are kept. */
  tell(keeps: boolean): void;
}

export interface DeskParts {
  host: AssistTier;
  choice(): Promise<PersonalChoice>;
  /** Gives the adapter to the worker, or takes it away. */
  setAdapter(adapter: LoadedAdapter | null): void;
  /** For the counts on this device. */
  observe(observation: Observation): void;
  nowMs(): number;
}

/** A host that could not be asked is tried again by the next page, but not by each one. */
const RETRY_MS = 60_000;

/** Texts on their way to the host at the same time; fields are left one after the other. */
const MAX_KEEPING = 4;

interface Entry extends Writer {
  /** What it was told last. */
  keeps: boolean;
}

type Loading = { view: AdapterView; state: "reading" | "given" | "failed" };

export class PersonalDesk<P> {
  readonly #parts: DeskParts;
  readonly #writers = new Map<P, Entry>();
  #sites: ReadonlySet<string> = new Set();
  /** The adapter that is wanted, if the host has it. */
  #wanted: AdapterView | null = null;
  #loading: Loading | null = null;
  #trouble = "";
  #adapterTrouble = "";
  #askedAtMs: number | undefined;
  #failed = false;
  #keeping = 0;
  /** Counts what makes an answer that is still on its way worthless. */
  #epoch = 0;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  add(port: P, writer: Writer): void {
    this.#writers.set(port, { ...writer, keeps: false });
    const isDue = this.#askedAtMs === undefined || (this.#failed && this.#parts.nowMs() - this.#askedAtMs >= RETRY_MS);
    if (isDue) void this.refresh();
    else this.#follow();
  }

  remove(port: P): void {
    this.#writers.delete(port);
  }

  /** The settings changed, or the options page changed something on the host. */
  async refresh(): Promise<void> {
    this.#epoch += 1;
    const epoch = this.#epoch;
    this.#askedAtMs = this.#parts.nowMs();
    const isStale = () => epoch !== this.#epoch;
    try {
      const choice = await this.#parts.choice();
      if (isStale()) return;
      if (!choice.isOn) {
        this.#close("");
        return;
      }
      const status = await this.#status();
      if (isStale()) return;
      // A keyring may be opened meanwhile, without a word to us.
      this.#failed = status.isOn && !status.isOpen;
      // What could not be read before may be there now.
      if (this.#loading?.state === "failed") this.#loading = null;
      this.#take(status, choice);
    } catch (error) {
      if (isStale()) return;
      this.#failed = true;
      this.#close(toWireError(error, "The Sotto host could not be asked.").message);
    }
  }

  /** A port says that the user wrote something. From one whose site is not named it is for nobody. */
  wrote(port: P, text: string): void {
    const writer = this.#writers.get(port);
    if (!writer?.site || !this.#mayKeep(writer) || this.#keeping >= MAX_KEEPING) return;
    if (text.length < MIN_KEPT_UTF16 || text.length > MAX_KEPT_UTF16) return;
    const epoch = this.#epoch;
    this.#keeping += 1;
    askHost(this.#parts.host, { type: "personal", id: 0, task: { type: "keep", site: writer.site, text } })
      .then(
        () => {
          if (epoch === this.#epoch) this.#trouble = "";
        },
        (thrown) => {
          if (epoch === this.#epoch) this.#couldNotKeep(thrown);
        },
      )
      .finally(() => {
        this.#keeping -= 1;
      });
  }

  /** The adapter for this port's suggestions. */
  adapterOf(port: P): string | null {
    const writer = this.#writers.get(port);
    return writer && this.#isNamed(writer) && this.#loading?.state === "given" ? this.#loading.view.name : null;
  }

  /** What the worker says of an adapter that it was given; null: it takes it. */
  adapterTold(name: string, problem: WireError | null): void {
    if (this.#loading?.view.name !== name) return;
    this.#adapterTrouble = problem?.message ?? "";
    if (problem) this.#refused(problem);
    else this.#parts.observe({ type: "loaded", what: "adapter", version: dayOf(this.#loading.view.atS) });
  }

  view(): Omit<PersonalView, "training" | "model"> {
    return {
      trouble: this.#trouble,
      adapter: this.#wanted?.name ?? null,
      adapterTrouble: this.#adapterTrouble,
    };
  }

  /** Everything is being deleted. */
  forget(): void {
    this.#epoch += 1;
    this.#askedAtMs = undefined;
    this.#failed = false;
    this.#close("");
  }

  async #status(): Promise<PersonalStatus> {
    const event = await askHost(this.#parts.host, { type: "personal", id: 0, task: { type: "status" } });
    if (event.type !== "personal" || event.answer.type !== "status") throw misbehaved();
    return event.answer.status;
  }

  #take(status: PersonalStatus, { adapter }: PersonalChoice): void {
    if (!status.isOn) {
      this.#close("Personalisation is switched off in the Sotto host.");
      return;
    }
    if (!status.isOpen) {
      this.#close(status.trouble || "The key to what was kept cannot be had.");
      return;
    }
    this.#trouble = "";
    this.#sites = new Set(status.sites);
    this.#wanted = status.adapters.find(({ name }) => name === adapter) ?? null;
    this.#adapterTrouble =
      adapter !== null && !this.#wanted ? "The adapter that was chosen is not there any more." : "";
    this.#follow();
  }

  #close(trouble: string): void {
    this.#trouble = trouble;
    this.#sites = new Set();
    this.#wanted = null;
    this.#adapterTrouble = "";
    this.#follow();
  }

  /** Brings ports and worker to what holds now. */
  #follow(): void {
    for (const writer of this.#writers.values()) {
      const keeps = this.#mayKeep(writer);
      if (keeps !== writer.keeps) {
        writer.keeps = keeps;
        writer.tell(keeps);
      }
    }
    const wanted = this.#wanted;
    const { view } = this.#loading ?? {};
    if (wanted && view && wanted.name === view.name && wanted.atS === view.atS) return;
    if (this.#loading) {
      this.#loading = null;
      this.#parts.setAdapter(null);
    }
    // Nothing is read before a page is open that would use it.
    if (wanted && [...this.#writers.values()].some((writer) => this.#isNamed(writer))) void this.#load(wanted);
  }

  async #load(view: AdapterView): Promise<void> {
    const loading: Loading = { view, state: "reading" };
    this.#loading = loading;
    try {
      const bytes = await readAdapter(this.#parts.host, view.name);
      if (this.#loading !== loading) return;
      loading.state = "given";
      this.#parts.setAdapter({ name: view.name, bytes });
    } catch (error) {
      if (this.#loading !== loading) return;
      loading.state = "failed";
      const problem = toWireError(error, "The adapter could not be read.");
      this.#adapterTrouble = problem.message;
      this.#refused(problem);
    }
  }

  #refused(problem: WireError): void {
    noteFailure(this.#parts.observe, problem);
    this.#parts.observe({ type: "fellBack", reason: "adapterRefused" });
  }

  #couldNotKeep(thrown: unknown): void {
    const error = thrown instanceof SottoError ? thrown : new SottoError(wireError("internal", "Nothing was kept."));
    this.#trouble = error.message;
    // Without key or host there is nothing more to say to them; the next page asks again.
    if (error.code !== "personalLocked" && error.code !== "hostMissing") return;
    this.#failed = true;
    this.#close(error.message);
  }

  #isNamed({ site }: Writer): boolean {
    return site !== null && this.#sites.has(site);
  }

  #mayKeep(writer: Writer): boolean {
    return !writer.isPrivate && this.#isNamed(writer);
  }
}
