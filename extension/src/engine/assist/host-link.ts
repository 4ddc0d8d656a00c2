// The way to the host: one session at a time, opened by the first request and again after it ended.

import type { TierRequest } from "../../shared/assist-messages";
import { SottoError, toWireError, wireError } from "../../shared/errors";
import type { HostUse } from "../../shared/messages";
import { cancelledError } from "../../shared/pending-requests";
import type { HostStatus } from "../../shared/protocol";
import { type HostPort, HostSession } from "./host-session";
import type { AssistTier, TierOutputs } from "./tier";

export type OpenedPipe = Extract<HostUse, { use: false }> | (Extract<HostUse, { use: true }> & { port: HostPort });

export class HostLink implements AssistTier {
  readonly #openPipe: () => Promise<OpenedPipe>;
  readonly #told: (status: HostStatus) => void;
  #session: HostSession | undefined;
  #opening: Promise<HostSession> | undefined;

  /**
   * `openPipe` asks for a connection; it resolves with one, or with the reason why there is none. `told` hears every state
   * that the host tells, whoever asked.
   */
  constructor(openPipe: () => Promise<OpenedPipe>, told: (status: HostStatus) => void = () => undefined) {
    this.#openPipe = openPipe;
    this.#told = told;
  }

  run(request: TierRequest, outputs: TierOutputs): () => void {
    if (this.#session && !this.#session.isClosed) return this.#session.submit(request, outputs);
    let state: "waiting" | "cancelled" | (() => void) = "waiting";
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    this.#opening.then(
      (session) => {
        if (state === "waiting") state = session.submit(request, outputs);
      },
      (error) => {
        if (state === "waiting") outputs.unavailable(toWireError(error, "The browser did not start the Sotto host."));
      },
    );
    return () => {
      if (typeof state === "function") state();
      else if (state === "waiting") {
        state = "cancelled";
        outputs.event({ type: "error", id: 0, error: cancelledError() });
      }
    };
  }

  async #open(): Promise<HostSession> {
    const opened = await this.#openPipe();
    if (!opened.use) throw new SottoError(wireError("hostMissing", opened.why));
    this.#session = new HostSession(opened.port, opened.client, this.#told);
    return this.#session;
  }
}
