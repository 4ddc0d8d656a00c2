// The browser tier: the model in this page's worker.

import type { TierRequest } from "../../shared/assist-messages";
import { wireError } from "../../shared/errors";
import { cancelledError, PendingRequests } from "../../shared/pending-requests";
import type { HostEvent } from "../../shared/protocol";
import type { EngineHost } from "../engine-host";
import type { AssistTier, TierOutputs } from "./tier";

export class BrowserTier implements AssistTier {
  readonly #engine: Pick<EngineHost, "assist" | "cancelAssist">;
  readonly #pending = new PendingRequests();
  readonly #port = { postMessage: (event: HostEvent) => this.#pending.receive(event) };

  constructor(engine: Pick<EngineHost, "assist" | "cancelAssist">) {
    this.#engine = engine;
  }

  run(request: TierRequest, outputs: TierOutputs): () => void {
    const id = this.#pending.add(outputs.event);
    if (request.type !== "chat" && request.type !== "summarize") {
      this.#pending.fail(id, wireError("badRequest", "The browser tier answers chats and summaries only."));
      return () => undefined;
    }
    this.#engine.assist(this.#port, { ...request, id });
    return () => {
      if (!this.#pending.has(id)) return;
      this.#pending.fail(id, cancelledError());
      this.#engine.cancelAssist(this.#port, id);
    };
  }
}
