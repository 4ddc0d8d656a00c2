// This page's end of the pipe to the host. The service worker connects it, because only it can start a host: we ask by a
// message, and the port comes by itself.

import { SottoError, wireError } from "../../shared/errors";
import { type HostPipeMessage, send } from "../../shared/messages";
import type { OpenedPipe } from "./host-link";
import type { HostPort } from "./host-session";

/** From the service worker's yes to its port: a moment. Longer means that it died in between. */
const PORT_MS = 5_000;

export class HostPipeEnd {
  #waiting: ((port: chrome.runtime.Port) => void) | undefined;

  /** A port of the service worker has come. */
  accept(port: chrome.runtime.Port): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(port);
    else port.disconnect();
  }

  /** Asks for a pipe. One at a time. */
  async open(): Promise<OpenedPipe> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    // Listens before it asks: the port may come before the answer.
    const coming = new Promise<chrome.runtime.Port>((resolve, reject) => {
      this.#waiting = resolve;
      timer = setTimeout(() => reject(new SottoError(wireError("peerGone", "Sotto is restarting.", true))), PORT_MS);
    });
    coming.catch(() => undefined);
    try {
      const answer = await send("openHost", {});
      return answer.use ? { ...answer, port: hostPort(await coming) } : answer;
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }
}

function hostPort(port: chrome.runtime.Port): HostPort {
  // Both listeners from the start: the host may have ended before a session asks for it.
  const early: HostPipeMessage[] = [];
  let onMessage: ((message: unknown) => void) | undefined;
  let onDisconnect: ((lastError: string | undefined) => void) | undefined;
  let ended = false;
  const end = (lastError: string | undefined) => {
    if (ended) return;
    ended = true;
    onDisconnect?.(lastError);
  };
  const receive = (message: HostPipeMessage) => {
    if (!onMessage || !onDisconnect) early.push(message);
    else if (message.type === "message") onMessage(message.message);
    else end(message.lastError);
  };
  port.onMessage.addListener(receive);
  port.onDisconnect.addListener(() => {
    void chrome.runtime.lastError;
    if (onDisconnect) end(undefined);
    else early.push({ type: "closed", lastError: "" });
  });
  return {
    post: (message) => port.postMessage(message),
    disconnect: () => {
      ended = true;
      port.disconnect();
    },
    listen: (message, disconnect) => {
      onMessage = message;
      onDisconnect = disconnect;
      for (const event of early.splice(0)) receive(event);
    },
  };
}
