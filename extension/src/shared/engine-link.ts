// A page's link to the engine: its state now and on every change. Does not start the engine by itself; where it is not
// running, the state is `idle`.

import { type StatusCommand, type StatusEvent, send } from "./messages";
import { type EngineStatus, STATUS_PORT } from "./protocol";

export class EngineLink {
  readonly #onStatus: (status: EngineStatus) => void;
  #port: chrome.runtime.Port | undefined;

  constructor(onStatus: (status: EngineStatus) => void) {
    this.#onStatus = onStatus;
    this.#connect();
    // The engine page tells the service worker its state; this page hears it too, and links up if it had none to link to.
    chrome.runtime.onMessage.addListener((message, sender) => {
      if (message?.type === "engineStatus" && sender.id === chrome.runtime.id && !this.#port) this.#connect();
    });
  }

  /** Sends a command, starting the engine page first where there is none. */
  async command(command: StatusCommand): Promise<void> {
    await send("ensureEngine", {});
    this.#connect();
    this.#port?.postMessage(command);
  }

  #connect(): void {
    if (this.#port) return;
    const port = chrome.runtime.connect({ name: STATUS_PORT });
    this.#port = port;
    port.onMessage.addListener((event: StatusEvent) => {
      if (event.type !== "measured" && event.type !== "measureFailed") this.#onStatus(event);
    });
    port.onDisconnect.addListener(() => {
      void chrome.runtime.lastError;
      this.#port = undefined;
      this.#onStatus({ type: "idle" });
    });
  }
}
