// Trains the adapter by itself while nobody asks for anything: only where the user switched that on, at most once a day, and only
// if enough was written since the last time. **The next suggestion or question stops it**; what was learned so far is kept by the
// host, and the next quiet time goes on from there. Knows no browser API, so that tests can drive it.

import { toWireError } from "../../shared/errors";
import type { PersonalStatus } from "../../shared/protocol";
import { isId, record } from "../../shared/unread";
import { askHost, misbehaved } from "../assist/ask-host";
import type { AssistTier } from "../assist/tier";
import { Countdown } from "../countdown";

/** The one adapter that is trained by itself, as by the button in the options. */
export const ADAPTER = "mine";

/**
 * How long nobody must have asked for anything. Shorter than the host is kept without work: with the key in a file it would
 * have to be unlocked again.
 */
export const QUIET_MS = 4 * 60_000;

/** Between two looks while it stays quiet. */
const AGAIN_MS = 60 * 60_000;

/** Between two trainings, and between two tries that failed. */
const DAY_S = 24 * 60 * 60;

/** KiB of new text from which on learning again is worth minutes of work: some dozens of messages. */
export const MIN_NEW_KIB = 8;

const KEY = "idle-training";

/** What the user decided. */
export interface TrainingChoice {
  isOn: boolean;
  trainsByItself: boolean;
  /** The ε of trainings with privacy; null for without. */
  epsilon: number | null;
}

export interface IdleParts {
  host: AssistTier;
  choice(): Promise<TrainingChoice>;
  /** Version of the model that this browser uses. */
  model(): Promise<number>;
  /** There is a better adapter now. */
  trained(): Promise<void>;
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  /** Milliseconds since 1970. */
  nowMs(): number;
}

/** What came of the last try. */
interface Tried {
  atS: number;
  /** As a sentence. */
  said: string;
}

export class IdleTraining {
  readonly #parts: IdleParts;
  readonly #quiet = new Countdown(QUIET_MS, () => void this.look());
  readonly #again = new Countdown(AGAIN_MS, () => void this.look());
  #running: { cancel(): void } | undefined;
  #isLooking = false;
  /** Why nothing began when it was last looked at. */
  #why = "";
  /** Counts what makes a look that is under way worthless. */
  #uses = 0;

  constructor(parts: IdleParts) {
    this.#parts = parts;
    this.#quiet.start();
  }

  /** Somebody asked for something: this machine is theirs. */
  used(): void {
    this.#uses += 1;
    this.#again.stop();
    this.#quiet.start();
    this.#running?.cancel();
  }

  /** For the options page, as sentences. */
  view(): string {
    if (this.#running) return "It is learning by itself now.";
    const tried = this.#tried();
    const when = tried && `Last time by itself, ${new Date(tried.atS * 1_000).toLocaleString()}: ${tried.said}`;
    return [when, this.#why].filter(Boolean).join(" ");
  }

  forget(): void {
    this.#why = "";
    this.#running?.cancel();
    this.#parts.storage.removeItem(KEY);
  }

  /** Begins if it may. Also called by the clock. */
  async look(): Promise<void> {
    if (this.#running || this.#isLooking) return;
    this.#isLooking = true;
    const uses = this.#uses;
    this.#again.start();
    try {
      const choice = await this.#parts.choice();
      if (!choice.isOn || !choice.trainsByItself) {
        this.#why = "";
        return;
      }
      const nowS = Math.floor(this.#parts.nowMs() / 1_000);
      const tried = this.#tried();
      // Nothing is asked of the host where the answer is known.
      if (tried && nowS - tried.atS < DAY_S) {
        this.#why = "It learns by itself at most once a day.";
        return;
      }
      const [status, model] = await Promise.all([this.#status(), this.#parts.model()]);
      this.#why = whyNot(status, nowS);
      if (this.#why === "" && uses === this.#uses) this.#train(choice.epsilon, model);
    } catch (error) {
      this.#why = toWireError(error, "The Sotto host could not be asked.").message;
    } finally {
      this.#isLooking = false;
    }
  }

  #train(epsilon: number | null, browserVersion: number): void {
    let isEnded = false;
    const ended = (said: string | null) => {
      if (isEnded) return;
      isEnded = true;
      this.#running = undefined;
      if (said !== null) this.#note(said);
    };
    const cancel = this.#parts.host.run(
      { type: "personal", id: 0, task: { type: "train", name: ADAPTER, site: null, epsilon, browserVersion } },
      {
        event: (event) => {
          if (event.type === "personal" && event.answer.type === "trained") {
            const { isUsed } = event.answer.outcome;
            ended(isUsed ? "the new adapter is better." : "the new adapter was no better, so it is not used.");
            if (isUsed) void this.#parts.trained().catch(() => undefined);
          } else if (event.type === "error") {
            // Stopped for somebody's sake: it goes on at the next quiet time.
            ended(event.error.code === "cancelled" ? null : event.error.message);
          }
        },
        unavailable: (error) => ended(error.message),
      },
    );
    if (!isEnded) this.#running = { cancel };
  }

  async #status(): Promise<PersonalStatus> {
    const event = await askHost(this.#parts.host, { type: "personal", id: 0, task: { type: "status" } });
    if (event.type !== "personal" || event.answer.type !== "status") throw misbehaved();
    return event.answer.status;
  }

  #tried(): Tried | undefined {
    try {
      const { atS, said } = record(JSON.parse(this.#parts.storage.getItem(KEY) ?? "null"));
      return isId(atS) && typeof said === "string" ? { atS, said } : undefined;
    } catch {
      return undefined;
    }
  }

  #note(said: string): void {
    const tried: Tried = { atS: Math.floor(this.#parts.nowMs() / 1_000), said };
    this.#parts.storage.setItem(KEY, JSON.stringify(tried));
    this.#why = "";
  }
}

/** Why nothing begins now, as a sentence; empty if it may. */
export function whyNot(status: PersonalStatus, nowS: number): string {
  const { isOn, isOpen, trouble, lastTraining, newKib, unfinished } = status;
  if (!isOn) return "Personalisation is switched off in the Sotto host.";
  if (!isOpen) return trouble || "The key to what was kept cannot be had.";
  if (lastTraining && nowS - lastTraining.atS < DAY_S) return "It learns by itself at most once a day.";
  // What was begun is brought to its end.
  if (unfinished.includes(ADAPTER)) return "";
  if (newKib < MIN_NEW_KIB) return `It waits for more text: ${newKib} of ${MIN_NEW_KIB} KiB are new.`;
  return "";
}
