import assert from "node:assert/strict";
import { test } from "node:test";
import { Assisting } from "../src/engine/worker/assisting";
import type { TextRequest } from "../src/shared/assist-messages";
import type { BackendChoice, HostEvent } from "../src/shared/protocol";
import { ANSWER } from "./fake-tier";

const REQUEST: TextRequest = { type: "summarize", id: 7, text: "x", length: "short" };
const CHOICE: BackendChoice = { backend: "wasm", reason: "webgpuAbsent", detail: "this browser has no WebGPU" };

/** The wasm's engine as far as it is used here. */
function setUp(assist: (request: string, onEvent: (json: string) => void) => Promise<string>) {
  const events: [number, HostEvent][] = [];
  const assisting = new Assisting((key, event) => events.push([key, event]));
  let superseded = 0;
  const supersede = () => {
    superseded += 1;
  };
  const engine = { assist, supersede } as never;
  const run = (key: number) => assisting.run(key, REQUEST, engine, "wasm", CHOICE);
  const said = () => events.map(([key, event]) => `${key} ${event.type === "error" ? event.error.code : event.type}`);
  return { assisting, run, events, said, superseded: () => superseded };
}

test("deltas as they come, then the end; where the model ran is filled in", async () => {
  const { run, events, said } = setUp(async (request, onEvent) => {
    assert.equal(JSON.parse(request).text, "x");
    onEvent(JSON.stringify({ type: "progress", id: 7, done: 1, total: 2 }));
    onEvent(JSON.stringify({ type: "delta", id: 7, text: "a" }));
    const engine = { tier: "browser", model: "m", device: "", reason: "" };
    return JSON.stringify({ type: "done", id: 7, answer: { ...ANSWER, engine } });
  });
  assert.equal(await run(3), false);
  assert.deepEqual(said(), ["3 progress", "3 delta", "3 done"]);
  const last = events.at(-1)?.[1];
  assert.deepEqual(last?.type === "done" && last.answer.engine, {
    tier: "browser",
    model: "m",
    device: "WebAssembly",
    reason: "this browser has no WebGPU",
  });
});

test("what is no end of this request is an error", async () => {
  for (const last of [{ type: "delta", id: 7, text: "a" }, { type: "done", id: 8, answer: ANSWER }, {}]) {
    const { run, said } = setUp(async () => JSON.stringify(last));
    await run(1);
    assert.deepEqual(said(), ["1 internal"]);
  }
  const { run, events, said } = setUp(async () => {
    throw new Error("the text of the page");
  });
  await run(1);
  assert.deepEqual(said(), ["1 internal"]);
  assert.doesNotMatch(JSON.stringify(events), /the text of the page/);
});

test("a cancellation reaches the one that it is meant for", async () => {
  let finish: (json: string) => void = () => undefined;
  const { assisting, run, said, superseded } = setUp(
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  const running = run(1);
  assisting.supersede(2);
  assert.equal(superseded(), 0);
  assisting.supersede(1);
  assert.equal(superseded(), 1);
  finish(JSON.stringify({ type: "error", id: 7, error: { code: "cancelled", message: "m", retryable: true } }));
  await running;
  await run(2);
  assert.deepEqual(said(), ["1 cancelled", "2 cancelled"]);
  assert.equal(assisting.isRunning, false);
});

test("a lost GPU is told, so that the next request has another backend", async () => {
  const lost = { type: "error", id: 7, error: { code: "deviceLost", message: "m", retryable: true } };
  const { assisting, said } = setUp(async () => "");
  const engine = { assist: async () => JSON.stringify(lost), supersede: () => undefined } as never;
  assert.equal(await assisting.run(1, REQUEST, engine, "webgpu", CHOICE), true);
  assert.deepEqual(said(), ["1 deviceLost"]);
});
