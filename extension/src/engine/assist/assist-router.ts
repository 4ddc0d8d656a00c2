// Chat and summaries: who may ask what, which tier answers, and the way back under the asker's own ids. **Every request
// ends with exactly one last event**, also when its tier cannot be reached and another one takes it. Knows no browser API.

import { type AssistMessage, type AssistRequest, checkAssistMessage } from "../../shared/assist-messages";
import { wireError } from "../../shared/errors";
import { isLast } from "../../shared/pending-requests";
import type { AnswerInfo, ErrorCode, HostEvent, WireError } from "../../shared/protocol";
import type { AssistTier } from "./tier";

/** What a sender may ask for: our own pages everything, a card on a page only summaries. */
export type Rights = "all" | "summarize" | "none";

export interface RouterParts {
  host: AssistTier;
  browser: AssistTier;
}

/** Requests of one asker at the same time; a page of ours has one, or two. */
const MAX_JOBS = 8;

/** The host is there but cannot do it, and nothing was written yet: the browser can. */
const HOST_CANNOT: ReadonlySet<ErrorCode> = new Set(["modelMissing", "runtimeInvalid"]);

/** One asker: a page of ours, or a card. */
export class Asker {
  readonly #parts: RouterParts;
  readonly #post: (event: HostEvent) => void;
  /** What is running, and how to cancel it. */
  readonly #jobs = new Map<number, Job>();

  constructor(parts: RouterParts, post: (event: HostEvent) => void) {
    this.#parts = parts;
    this.#post = post;
  }

  receive(message: unknown, rights: Rights): void {
    const checked = checkAssistMessage(message);
    if (!checked.ok) this.#refuse(checked.id, checked.error);
    else if (checked.value.type === "cancel") this.#jobs.get(checked.value.id)?.cancel();
    else if (!mayAsk(rights, checked.value)) this.#refuse(checked.value.id, notAllowed());
    // An id that is still running cannot be answered twice.
    else if (this.#jobs.has(checked.value.id)) this.#refuse(0, notAllowed());
    else if (this.#jobs.size >= MAX_JOBS) this.#refuse(checked.value.id, overloaded());
    else this.#start(checked.value);
  }

  /** The asker is gone: nobody waits for its answers. */
  close(): void {
    for (const job of [...this.#jobs.values()]) job.cancel();
  }

  #start(request: AssistRequest): void {
    const job = new Job(this.#parts, request, (event) => {
      if (isLast(event)) this.#jobs.delete(request.id);
      this.#post(event);
    });
    this.#jobs.set(request.id, job);
    job.start();
  }

  #refuse(id: number, error: WireError): void {
    this.#post({ type: "error", id, error });
  }
}

/** One request on its way through the tiers. */
class Job {
  readonly #parts: RouterParts;
  readonly #request: AssistRequest;
  readonly #post: (event: HostEvent) => void;
  #ended = false;
  /** The browser tier has it. */
  #moved = false;
  /** The host has written nothing yet. */
  #silent = true;
  #cancelTier: () => void = () => undefined;

  constructor(parts: RouterParts, request: AssistRequest, post: (event: HostEvent) => void) {
    this.#parts = parts;
    this.#request = request;
    this.#post = post;
  }

  start(): void {
    const cancel = this.#parts.host.run(this.#request, {
      event: (event) => this.#hostEvent(event),
      unavailable: (error) => {
        if (this.#mayMove()) this.#runInBrowser(error.message);
        else this.#fail(error);
      },
    });
    // It may have moved on already, while `run` was still at work.
    if (!this.#moved) this.#cancelTier = cancel;
  }

  cancel(): void {
    this.#cancelTier();
    // A job that no tier has yet, or whose tier keeps silent, ends all the same.
    this.#fail(wireError("cancelled", "Stopped.", true));
  }

  #hostEvent(event: HostEvent): void {
    if (this.#silent && event.type === "error" && HOST_CANNOT.has(event.error.code) && this.#mayMove()) {
      this.#runInBrowser(event.error.message);
      return;
    }
    if (event.type !== "progress") this.#silent = false;
    this.#forward(event, "");
  }

  #runInBrowser(why: string): void {
    if (this.#moved || this.#ended) return;
    this.#moved = true;
    this.#cancelTier = this.#parts.browser.run(this.#request, {
      event: (event) => this.#forward(event, why),
      unavailable: (error) => this.#fail(error),
    });
  }

  /** A status is about the host itself. */
  #mayMove(): boolean {
    return !this.#ended && this.#request.type !== "status";
  }

  #forward(event: HostEvent, why: string): void {
    if (this.#ended) return;
    if (isLast(event)) this.#ended = true;
    const { id } = this.#request;
    this.#post(event.type === "done" ? { ...event, id, answer: withFallback(event.answer, why) } : { ...event, id });
  }

  #fail(error: WireError): void {
    this.#forward({ type: "error", id: this.#request.id, error }, "");
  }
}

function mayAsk(rights: Rights, request: AssistMessage): boolean {
  return rights === "all" || (rights === "summarize" && request.type === "summarize");
}

/** Why the browser answered and not the host, in front of what the engine itself has to say. */
function withFallback(answer: AnswerInfo, why: string): AnswerInfo {
  return why === "" ? answer : { ...answer, fallback: [why, answer.fallback].filter(Boolean).join(" ") };
}

function notAllowed(): WireError {
  return wireError("badRequest", "This sender may not ask that.");
}

function overloaded(): WireError {
  return wireError("overloaded", "Too many requests at once. Wait for one to end.", true);
}
