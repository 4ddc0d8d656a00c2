// What is remembered of the tiers on this device from one request to the next: failures in a row, and speed. Failures are
// forgotten after a while, or a tier that failed would never be tried again.

import type { AttemptOutcome, EngineStatus, Tier, TierState } from "../../shared/protocol";

const FORGET_MS = 60_000;

interface Memory {
  hasAnswered: boolean;
  failures: number;
  failedAtMs: number;
  tokensPerS: number | null;
}

export class TierMemory {
  readonly #now: () => number;
  readonly #tiers: Record<"browser" | "host", Memory> = { browser: fresh(), host: fresh() };

  /** `now`: milliseconds of any clock that goes on. */
  constructor(now: () => number) {
    this.#now = now;
  }

  tried(tier: Tier, outcome: AttemptOutcome): void {
    if (tier === "cloud") return;
    const memory = this.#tiers[tier];
    if (outcome.type === "answered") {
      const tokensPerS = outcome.answer.tokensPerS ?? memory.tokensPerS;
      this.#tiers[tier] = { ...fresh(), hasAnswered: true, tokensPerS };
    } else if (outcome.type === "failed") {
      memory.failures = this.#failures(memory) + 1;
      memory.failedAtMs = this.#now();
    }
    // A host that is not there may be installed at any moment, and a cancelled request says nothing.
  }

  host(): TierState {
    const memory = this.#tiers.host;
    return this.#state(memory, memory.hasAnswered ? "ready" : "unknown");
  }

  browser(status: EngineStatus): TierState {
    // A failure that passes by waiting is tried again by the next request.
    const isBroken = status.type === "failed" && !status.error.retryable;
    return this.#state(this.#tiers.browser, isBroken ? "failing" : status.type === "ready" ? "ready" : "unknown");
  }

  #state(memory: Memory, health: TierState["health"]): TierState {
    return { health, contextTokens: 0, tokensPerS: memory.tokensPerS, failures: this.#failures(memory) };
  }

  #failures({ failures, failedAtMs }: Memory): number {
    return this.#now() - failedAtMs < FORGET_MS ? failures : 0;
  }
}

function fresh(): Memory {
  return { hasAnswered: false, failures: 0, failedAtMs: 0, tokensPerS: null };
}
