// The guide that is used: core's rules in wasm, with the settings that the service worker reads, what is remembered of the
// tiers, and what the host last said of the endpoint. **Without the rules nothing is routed; without a word of the host
// there is no endpoint.**

import type { TextRequest } from "../../shared/assist-messages";
import { toWireError } from "../../shared/errors";
import type { AssistSettings } from "../../shared/messages";
import type {
  Attempt,
  AttemptOutcome,
  CloudStatus,
  EngineStatus,
  HostStatus,
  RouteDecision,
  RouteInput,
  RouteReason,
  RouteState,
  Tier,
  WireError,
} from "../../shared/protocol";
import type { Rules } from "../rules";
import { type Course, type Guide, inputUtf16, taskOf } from "./guide";
import type { AssistTier } from "./tier";
import { TierMemory } from "./tier-memory";

export interface GuideParts {
  rules(): Promise<Pick<Rules, "decide">>;
  settings(site: string | null): Promise<AssistSettings>;
  engineStatus(): EngineStatus;
  host: AssistTier;
}

export class PolicyGuide implements Guide {
  readonly #parts: GuideParts;
  readonly #memory = new TierMemory(() => performance.now());
  #cloud: CloudStatus | null = null;

  constructor(parts: GuideParts) {
    this.#parts = parts;
  }

  begin(
    request: TextRequest,
    site: string | null,
    ready: (course: Course) => void,
    failed: (error: WireError) => void,
  ): void {
    void Promise.all([this.#parts.rules(), this.#parts.settings(site)]).then(
      ([rules, settings]) => {
        // Ahead of the request on the same connection: the answer is there before it is needed.
        if (settings.cloud === "ask" && settings.useHost) this.#askForStatus();
        ready(this.#course(request, site, rules, settings));
      },
      (error) => failed(toWireError(error, "The rules of Sotto could not be loaded.")),
    );
  }

  tried(tier: Tier, outcome: AttemptOutcome): void {
    this.#memory.tried(tier, outcome);
  }

  /** The host told its state, to whomever. */
  hostTold({ cloud }: HostStatus): void {
    this.#cloud = cloud;
  }

  #course(request: TextRequest, site: string | null, rules: Pick<Rules, "decide">, settings: AssistSettings): Course {
    const input = (attempts: readonly Attempt[]): RouteInput => ({
      request: { task: taskOf(request), inputUtf16: inputUtf16(request), site: settings.siteRule },
      state: this.#state(attempts),
      settings: {
        suggest: true,
        useHost: settings.useHost,
        // Both sides have a say. Of a host that says nothing, the readiness says that there is no endpoint.
        cloud: this.#cloud?.setting === "off" ? "off" : settings.cloud,
        enterprise: { host: "allowed", cloud: this.#cloud?.enterprise ?? "allowed" },
      },
    });
    return {
      decide: (attempts) => rules.decide(input(attempts)),
      escalation: (attempts) => {
        const { id: _, ...task } = request;
        const edits = { lifted: [], added: [] };
        const ownTerms = settings.ownTerms.map((text) => ({ kind: "other" as const, text }));
        return { task, site, siteRule: settings.siteRule, state: this.#state(attempts), edits, ownTerms };
      },
      why: (decision) => whyNotHost(decision, settings.why),
      browserFailure: () => {
        const status = this.#parts.engineStatus();
        return status.type === "failed" ? status.error : null;
      },
    };
  }

  #state(attempts: readonly Attempt[]): RouteState {
    return {
      browser: this.#memory.browser(this.#parts.engineStatus()),
      host: this.#memory.host(),
      cloud: this.#cloud?.state ?? { readiness: "notConfigured", contextTokens: 0 },
      attempts: [...attempts],
    };
  }

  #askForStatus(): void {
    // What it says comes by `hostTold`; a host that is not there has no endpoint.
    const gone = () => {
      this.#cloud = null;
    };
    this.#parts.host.run({ type: "status", id: 0 }, { event: () => undefined, unavailable: gone });
  }
}

/** The reasons of a first decision; behind a try the tier's own error says more. */
function whyNotHost({ reason }: RouteDecision, notInUse: string): string {
  const sentences: Partial<Record<RouteReason, string>> = {
    hostOff: notInUse,
    hostFailing: "The Sotto host failed several times in a row.",
    hostSlow: "The browser is faster than the Sotto host on this device.",
  };
  return sentences[reason] ?? "";
}
