// One chat or summary on its way through the tiers of this device, as the policy decides. **The local answer comes first
// and stays**: an endpoint is only ever offered behind it.

import type { AssistEvent, TextRequest } from "../../shared/assist-messages";
import { wireError } from "../../shared/errors";
import { isLast } from "../../shared/pending-requests";
import type {
  AnswerInfo,
  Attempt,
  AttemptOutcome,
  ErrorCode,
  LocalAnswer,
  Observation,
  RouteDecision,
  WireError,
} from "../../shared/protocol";
import type { Course, Guide } from "./guide";
import type { Offers } from "./offers";
import type { AssistTier } from "./tier";

export interface TextJobParts {
  host: AssistTier;
  browser: AssistTier;
  guide: Guide;
  offers: Offers;
  observe(observation: Observation): void;
}

/** The host is there but cannot do it, and nothing was written yet: the browser can. */
const HOST_CANNOT: ReadonlySet<ErrorCode> = new Set(["modelMissing", "runtimeInvalid"]);

export class TextJob {
  readonly #parts: TextJobParts;
  readonly #request: TextRequest;
  readonly #owner: string;
  readonly #site: string | null;
  readonly #post: (event: AssistEvent) => void;
  readonly #attempts: Attempt[] = [];
  #course: Course | undefined;
  #ended = false;
  /** Which try the events are of: those of an older one are for nobody. */
  #try = 0;
  #cancelTier: () => void = () => undefined;
  /** Why the answer is not the host's. */
  #why = "";
  #lastError: WireError | undefined;

  constructor(
    parts: TextJobParts,
    request: TextRequest,
    owner: string,
    site: string | null,
    post: (event: AssistEvent) => void,
  ) {
    this.#parts = parts;
    this.#request = request;
    this.#owner = owner;
    this.#site = site;
    this.#post = post;
  }

  start(): void {
    this.#parts.guide.begin(
      this.#request,
      this.#site,
      (course) => {
        this.#course = course;
        this.#next();
      },
      (error) => this.#fail(error),
    );
  }

  cancel(): void {
    this.#cancelTier();
    // A job that no tier has yet, or whose tier keeps silent, ends all the same.
    this.#fail(wireError("cancelled", "Stopped.", true));
  }

  #next(): void {
    if (this.#ended || !this.#course) return;
    const decision = this.#decide();
    if (!decision) {
      this.#fail(wireError("internal", "The rules of Sotto could not decide where this goes."));
    } else if (decision.route === "host" || decision.route === "browser") {
      this.#why ||= decision.route === "browser" ? this.#course.why(decision) : "";
      // What the user switched off is no fallback.
      if (decision.route === "browser" && decision.reason !== "hostOff") {
        this.#parts.observe({ type: "fellBack", reason: decision.reason });
      }
      this.#run(decision.route);
    } else {
      this.#tell(decision);
      const why = this.#course.browserFailure() ?? this.#lastError;
      this.#fail(why ?? wireError("notReady", "Nothing on this device can answer now.", true));
    }
  }

  #run(tier: "host" | "browser"): void {
    this.#try += 1;
    const current = this.#try;
    const isCurrent = () => current === this.#try && !this.#ended;
    /** It has written nothing yet. */
    let silent = true;
    const moveOn = (outcome: AttemptOutcome, error: WireError) => {
      this.#note(tier, outcome);
      this.#lastError = error;
      this.#why = error.message;
      this.#next();
    };
    const cancel = this.#parts[tier].run(this.#request, {
      event: (event) => {
        if (!isCurrent()) return;
        if (event.type === "error" && silent && tier === "host" && HOST_CANNOT.has(event.error.code)) {
          moveOn({ type: "cannotServe" }, event.error);
        } else if (event.type === "done") {
          this.#answered(tier, event.answer);
        } else if (event.type === "error") {
          this.#failed(tier, event.error);
        } else if (event.type !== "consent" && event.type !== "decision") {
          if (event.type !== "progress") silent = false;
          this.#post({ ...event, id: this.#request.id });
        }
      },
      unavailable: (error) => {
        if (isCurrent()) moveOn({ type: "unreachable" }, error);
      },
    });
    // It may have moved on already, while `run` was still at work.
    if (isCurrent()) this.#cancelTier = cancel;
  }

  #answered(tier: "host" | "browser", own: AnswerInfo): void {
    // Why the browser answered and not the host, in front of what the engine itself has to say.
    const answer = this.#why === "" ? own : { ...own, fallback: [this.#why, own.fallback].filter(Boolean).join(" ") };
    // A host that is not used is no lesser way of the model that answered.
    this.#note(tier, { type: "answered", answer: localAnswer(own) });
    const { totalMs } = answer.timing;
    this.#parts.observe({ type: "answered", task: this.#request.type, tier, latencyMs: Math.round(totalMs) });
    // The browser's engine tells its own.
    if (tier === "host" && own.memoryMib) this.#parts.observe({ type: "memory", tier, mib: own.memoryMib });
    this.#judge();
    this.#end({ type: "done", id: this.#request.id, answer });
  }

  #failed(tier: "host" | "browser", error: WireError): void {
    const isCancelled = error.code === "cancelled";
    this.#note(tier, { type: isCancelled ? "cancelled" : "failed" });
    if (!isCancelled) this.#judge();
    this.#fail(error);
  }

  /** Behind a try on the device: was it good enough? */
  #judge(): void {
    const decision = this.#decide();
    if (decision?.limit) this.#tell(decision);
  }

  /** Where no decision can be had, nothing is offered. */
  #decide(): RouteDecision | undefined {
    try {
      return this.#course?.decide(this.#attempts);
    } catch {
      return undefined;
    }
  }

  #tell(decision: RouteDecision): void {
    const course = this.#course;
    if (!course || this.#ended) return;
    const isOffered = decision.route === "cloud";
    const task = this.#request.type;
    const attempts = [...this.#attempts];
    const offer = isOffered
      ? this.#parts.offers.add(this.#owner, { task, escalation: () => course.escalation(attempts) })
      : null;
    if (isOffered) this.#parts.observe({ type: "escalationOffered" });
    this.#post({ type: "decision", id: this.#request.id, decision, offer });
  }

  #note(tier: "host" | "browser", outcome: AttemptOutcome): void {
    this.#attempts.push({ tier, outcome });
    this.#parts.guide.tried(tier, outcome);
  }

  #fail(error: WireError): void {
    this.#end({ type: "error", id: this.#request.id, error });
  }

  #end(event: AssistEvent): void {
    if (this.#ended) return;
    if (isLast(event)) this.#ended = true;
    this.#post(event);
  }
}

/** What the policy judges an answer by. Figures, never its text. */
function localAnswer({ kind, stop, isInputCut, fallback, timing, confidence }: AnswerInfo): LocalAnswer {
  return {
    kind,
    stop,
    isInputCut,
    isLesserWay: fallback !== "",
    tokensPerS: timing.tokens > 0 ? timing.tokensPerS : null,
    confidence: confidence ?? null,
  };
}
