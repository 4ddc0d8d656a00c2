// Chat and summaries on the model in the worker. Conversion between the wasm's JSON and the protocol, and which call a
// cancellation is meant for; what an answer says is decided in wasm.

import type { Engine } from "sotto-wasm";
import type { TextRequest } from "../../shared/assist-messages";
import { toWireError, wireError } from "../../shared/errors";
import { checkHostEvent } from "../../shared/host-events";
import { cancelledError, isLast } from "../../shared/pending-requests";
import type { AnswerInfo, Backend, BackendChoice, HostEvent, WireError } from "../../shared/protocol";

/** What people call a backend. */
const DEVICES: Record<Backend, string> = { wasm: "WebAssembly", webgpu: "WebGPU" };

export class Assisting {
  readonly #post: (key: number, event: HostEvent) => void;
  #running: { key: number; engine: Engine } | undefined;
  /** Cancelled while they waited in line. */
  readonly #cancelled = new Set<number>();

  constructor(post: (key: number, event: HostEvent) => void) {
    this.#post = post;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Answers one request; true if the GPU was lost over it. */
  async run(
    key: number,
    request: TextRequest,
    engine: Engine | undefined,
    backend: Backend | undefined,
    choice: BackendChoice | undefined,
  ): Promise<boolean> {
    const { id } = request;
    const fail = (error: WireError) => this.#post(key, { type: "error", id, error });
    if (this.#cancelled.delete(key)) {
      fail(cancelledError());
      return false;
    }
    if (!engine || !backend) {
      fail(wireError("notReady", "The engine is still loading.", true));
      return false;
    }
    this.#running = { key, engine };
    try {
      const last = await engine.assist(JSON.stringify(request), (json) => {
        const event = parse(json, id);
        if (!isLast(event)) this.#post(key, event);
      });
      const event = parse(last, id);
      const ended: HostEvent = isLast(event) ? event : { type: "error", id, error: misbehaved() };
      this.#post(key, ended.type === "done" ? { ...ended, answer: withDevice(ended.answer, backend, choice) } : ended);
      return ended.type === "error" && ended.error.code === "deviceLost" && backend === "webgpu";
    } catch (error) {
      fail(toWireError(error, "The engine failed on this request."));
      return false;
    } finally {
      this.#running = undefined;
    }
  }

  supersede(key: number): void {
    if (this.#running?.key === key) this.#running.engine.supersede();
    else this.#cancelled.add(key);
  }
}

function parse(json: string, id: number): HostEvent {
  const checked = checkHostEvent(JSON.parse(json));
  return checked.ok && checked.event.id === id ? checked.event : { type: "error", id, error: misbehaved() };
}

/** Where it ran is known here, and left out by wasm. A ranking without a model runs in wasm itself. */
function withDevice(answer: AnswerInfo, backend: Backend, choice: BackendChoice | undefined): AnswerInfo {
  const hasModel = answer.engine.model !== "";
  const device = answer.engine.device || DEVICES[hasModel ? backend : "wasm"];
  const reason = answer.engine.reason || (hasModel && choice ? choice.detail : "");
  return { ...answer, engine: { ...answer.engine, device, reason } };
}

function misbehaved(): WireError {
  return wireError("internal", "The engine answered something else.");
}
