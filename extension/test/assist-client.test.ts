import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { AssistClient } from "../src/shared/assist-client";
import type { HostEvent } from "../src/shared/protocol";
import { done } from "./fake-tier";

/** The browser's messaging, as far as the client uses it. */
class Browser {
  ports: { sent: { type: string; id: number }[]; say(event: HostEvent): void; end(): void }[] = [];
  /** What the service worker answers when the engine page is asked for. */
  engine: () => Promise<unknown> = async () => ({ ok: true, value: {} });

  readonly runtime = {
    sendMessage: () => this.engine(),
    connect: () => {
      const sent: { type: string; id: number }[] = [];
      let onMessage: (event: HostEvent) => void = () => undefined;
      let onDisconnect: () => void = () => undefined;
      this.ports.push({ sent, say: (event) => onMessage(event), end: () => onDisconnect() });
      return {
        postMessage: (message: { type: string; id: number }) => void sent.push(message),
        disconnect: () => undefined,
        onMessage: {
          addListener: (listener: typeof onMessage) => {
            onMessage = listener;
          },
        },
        onDisconnect: {
          addListener: (listener: typeof onDisconnect) => {
            onDisconnect = listener;
          },
        },
      };
    },
  };
}

let browser: Browser;

beforeEach(() => {
  browser = new Browser();
  Object.assign(globalThis, { chrome: browser });
});
afterEach(() => void Reflect.deleteProperty(globalThis, "chrome"));

const settled = () => new Promise((resolve) => setImmediate(resolve));

function ask(client: AssistClient) {
  const log: string[] = [];
  const cancel = client.request({ type: "summarize", text: "x", length: "short" }, (event) =>
    log.push(event.type === "error" ? event.error.code : event.type),
  );
  return { log, cancel };
}

test("connects once, and each answer goes to its own request", async () => {
  const client = new AssistClient();
  const [first, second] = [ask(client), ask(client)];
  await settled();
  assert.equal(browser.ports.length, 1);
  const [a, b] = browser.ports[0]?.sent ?? [];
  browser.ports[0]?.say(done(b?.id ?? 0));
  browser.ports[0]?.say({ type: "delta", id: a?.id ?? 0, text: "y" });
  assert.deepEqual([first.log, second.log], [["delta"], ["done"]]);
});

test("a lost port ends what is pending once; the next request connects again", async () => {
  const client = new AssistClient();
  const first = ask(client);
  await settled();
  browser.ports[0]?.end();
  browser.ports[0]?.say(done(1));
  assert.deepEqual(first.log, ["peerGone"]);
  const second = ask(client);
  await settled();
  assert.equal(browser.ports.length, 2);
  browser.ports[1]?.say(done(browser.ports[1].sent[0]?.id ?? 0));
  assert.deepEqual(second.log, ["done"]);
});

test("no engine page: one error that can be tried again", async () => {
  for (const engine of [
    async () => {
      throw new Error("Extension context invalidated.");
    },
    async () => undefined,
    async () => ({ ok: false, error: { code: "internal", message: "m", retryable: false } }),
  ]) {
    browser.engine = engine;
    const asked = ask(new AssistClient());
    await settled();
    assert.deepEqual(asked.log, ["peerGone"]);
  }
  assert.equal(browser.ports.length, 0);
});

test("cancelled before there is a port: it is never sent", async () => {
  const client = new AssistClient();
  const asked = ask(client);
  asked.cancel();
  asked.cancel();
  await settled();
  assert.deepEqual(asked.log, ["cancelled"]);
  assert.deepEqual(browser.ports, []);
});
