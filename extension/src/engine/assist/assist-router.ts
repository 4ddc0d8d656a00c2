// Chat and summaries: who may ask what, and the way back under the asker's own ids. **Every request ends with exactly one
// last event**, also when its tier cannot be reached and another one takes it. Knows no browser API.

import {
  type AskCloud,
  type AssistEvent,
  type AssistRequest,
  checkAssistMessage,
  type HostOnlyRequest,
} from "../../shared/assist-messages";
import { wireError } from "../../shared/errors";
import { isLast } from "../../shared/pending-requests";
import type { WireError } from "../../shared/protocol";
import { noteFailure, noteUpdate } from "../telemetry/trust-notes";
import { CloudJob, type CloudJobParts } from "./cloud-job";
import { TextJob, type TextJobParts } from "./text-job";

/** What a sender may ask for: our own pages everything, a card on a page only summaries. */
export type Rights = "all" | "summarize" | "none";

export type RouterParts = TextJobParts & CloudJobParts;

/** Who asks, as the browser says. */
export interface Identity {
  /** All pages of ours are one, each card is one of its own. */
  owner: string;
  /** Origin of the page that a card is on; null for our own pages, which say themselves what a text is about. */
  site: string | null;
}

/** Requests of one asker at the same time; a page of ours has one, or two. */
const MAX_JOBS = 8;

interface Job {
  start(): void;
  cancel(): void;
}

/** One asker: a page of ours, or a card. */
export class Asker {
  readonly #parts: RouterParts;
  readonly #identity: Identity;
  readonly #post: (event: AssistEvent) => void;
  /** What is running, and how to cancel it. */
  readonly #jobs = new Map<number, Job>();

  constructor(parts: RouterParts, identity: Identity, post: (event: AssistEvent) => void) {
    this.#parts = parts;
    this.#identity = identity;
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
    else this.#start(checked.value, rights === "all" ? checked.site : this.#identity.site);
  }

  /** The asker is gone: nobody waits for its answers. */
  close(): void {
    for (const job of [...this.#jobs.values()]) job.cancel();
  }

  #start(request: AssistRequest | AskCloud, site: string | null): void {
    const post = (event: AssistEvent) => {
      if (isLast(event)) this.#jobs.delete(request.id);
      this.#post(event);
    };
    const job = this.#job(request, site, post);
    if (!job) {
      this.#refuse(request.id, wireError("badRequest", "This offer is not there any more. Ask again."));
      return;
    }
    this.#jobs.set(request.id, job);
    job.start();
  }

  #job(request: AssistRequest | AskCloud, site: string | null, post: (event: AssistEvent) => void): Job | undefined {
    const { owner } = this.#identity;
    switch (request.type) {
      case "summarize":
      case "chat":
        return new TextJob(this.#parts, request, owner, site, post);
      case "askCloud": {
        const offer = this.#parts.offers.find(owner, request.offer);
        return offer && new CloudJob(this.#parts, request.id, offer, post);
      }
      case "status":
      case "revoke":
      case "unlockKey":
      case "listAudit":
      case "verifyAudit":
      case "checkUpdates":
      case "applyUpdates":
      case "deleteEverything":
      case "personal":
        return new HostJob(this.#parts, request, post);
    }
  }

  #refuse(id: number, error: WireError): void {
    this.#post({ type: "error", id, error });
  }
}

/** What only the host can do. */
class HostJob implements Job {
  readonly #parts: Pick<RouterParts, "host" | "observe">;
  readonly #request: HostOnlyRequest;
  readonly #post: (event: AssistEvent) => void;
  #ended = false;
  #cancelTier: () => void = () => undefined;

  constructor(
    parts: Pick<RouterParts, "host" | "observe">,
    request: HostOnlyRequest,
    post: (event: AssistEvent) => void,
  ) {
    this.#parts = parts;
    this.#request = request;
    this.#post = post;
  }

  start(): void {
    const cancel = this.#parts.host.run(this.#request, {
      event: (event) => this.#forward({ ...event, id: this.#request.id }),
      unavailable: (error) => this.#forward({ type: "error", id: this.#request.id, error }),
    });
    if (!this.#ended) this.#cancelTier = cancel;
  }

  cancel(): void {
    this.#cancelTier();
    this.#forward({ type: "error", id: this.#request.id, error: wireError("cancelled", "Stopped.", true) });
  }

  #forward(event: AssistEvent): void {
    if (this.#ended) return;
    if (isLast(event)) this.#ended = true;
    const { observe } = this.#parts;
    if (event.type === "error") noteFailure(observe, event.error);
    else if (event.type === "updated") noteUpdate(observe, event.outcome);
    this.#post(event);
  }
}

function mayAsk(rights: Rights, { type }: AssistRequest | AskCloud): boolean {
  return rights === "all" || (rights === "summarize" && (type === "summarize" || type === "askCloud"));
}

function notAllowed(): WireError {
  return wireError("badRequest", "This sender may not ask that.");
}

function overloaded(): WireError {
  return wireError("overloaded", "Too many requests at once. Wait for one to end.", true);
}
