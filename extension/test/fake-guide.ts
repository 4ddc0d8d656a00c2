// A guide with the simplest rules: host, then browser, then nothing; and an offer behind an answer where the test says so.
// Core's own rules have their tests in Rust and run in a real browser.

import type { Course, Guide } from "../src/engine/assist/guide";
import type { TextRequest } from "../src/shared/assist-messages";
import type { Attempt, Escalation, RouteDecision, WireError } from "../src/shared/protocol";

export class TestGuide implements Guide {
  readonly tries: string[] = [];
  readonly sites: (string | null)[] = [];
  /** Behind an answer: the endpoint may be offered. */
  offers = false;
  /** The rules cannot decide. */
  isBroken = false;
  /** The rules cannot be loaded. */
  failure: WireError | undefined;

  begin(
    request: TextRequest,
    site: string | null,
    ready: (course: Course) => void,
    failed: (error: WireError) => void,
  ): void {
    this.sites.push(site);
    if (this.failure) {
      failed(this.failure);
      return;
    }
    ready({
      decide: (attempts) => {
        if (this.isBroken) throw new Error("no rules");
        return this.#decide(attempts);
      },
      escalation: (attempts) => escalation(request, site, attempts),
      why: () => "",
      browserFailure: () => null,
    });
  }

  tried(tier: string, outcome: { type: string }): void {
    this.tries.push(`${tier} ${outcome.type}`);
  }

  #decide(attempts: readonly Attempt[]): RouteDecision {
    const last = attempts.at(-1);
    if (last?.outcome.type === "answered" || last?.outcome.type === "failed") {
      return this.offers
        ? { route: "cloud", reason: "cloudNeedsConsent", limit: "lowConfidence" }
        : { route: last.tier, reason: "answerStands", limit: null };
    }
    const isInVain = (tier: string) => attempts.some((tried) => tried.tier === tier);
    if (!isInVain("host")) return { route: "host", reason: "hostPreferred", limit: null };
    if (!isInVain("browser")) return { route: "browser", reason: "hostUnreachable", limit: null };
    return { route: "refuse", reason: "cloudOff", limit: "noLocalTier" };
  }
}

function escalation(request: TextRequest, site: string | null, attempts: readonly Attempt[]): Escalation {
  const tier = { health: "unknown", contextTokens: 0, tokensPerS: null, failures: 0 } as const;
  const { id: _, ...task } = request;
  return {
    task,
    site,
    siteRule: "normal",
    state: {
      browser: tier,
      host: tier,
      cloud: { readiness: "ready", contextTokens: 8192 },
      attempts: [...attempts],
    },
    edits: { lifted: [], added: [] },
    ownTerms: [],
  };
}
