// Ports of our own pages: the engine's state now and on every change, and a few commands the other way.

import type { StatusCommand } from "../shared/messages";
import type { EngineStatus } from "../shared/protocol";
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
    });
    this.#post(port, this.#host.status);
  }

  #post(port: chrome.runtime.Port, status: EngineStatus): void {
    try {
      port.postMessage(status);
    } catch {
      this.#ports.delete(port);
    }
  }
}
