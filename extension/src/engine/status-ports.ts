// Ports of our own pages: the engine's state now and on every change, and a few commands the other way.

import type { StatusCommand, StatusEvent } from "../shared/messages";
import type { EngineHost } from "./engine-host";

export class StatusPorts {
  readonly #host: EngineHost;
  readonly #ports = new Set<chrome.runtime.Port>();

  constructor(host: EngineHost) {
    this.#host = host;
    host.onStatus((status) => {
      for (const port of this.#ports) this.#post(port, status);
    });
  }

  add(port: chrome.runtime.Port): void {
    this.#ports.add(port);
    port.onDisconnect.addListener(() => this.#ports.delete(port));
    port.onMessage.addListener((command: StatusCommand) => {
      if (command.type === "load") this.#host.load();
      else if (command.type === "measureAgain") this.#host.measureAgain();
      else if (command.type === "measure") void this.#measure(port, command.prefillTokens, command.decodeTokens);
    });
    this.#post(port, this.#host.status);
  }

  async #measure(port: chrome.runtime.Port, prefillTokens: number, decodeTokens: number): Promise<void> {
    this.#post(port, await this.#host.measure(prefillTokens, decodeTokens));
  }

  #post(port: chrome.runtime.Port, event: StatusEvent): void {
    try {
      port.postMessage(event);
    } catch {
      this.#ports.delete(port);
    }
  }
}
