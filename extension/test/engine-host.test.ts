import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { CalibrationStore } from "../src/engine/calibration-store";
import { EngineHost } from "../src/engine/engine-host";
import type { SuggestRequest } from "../src/engine/request-queue";
import type { FromWorker, ToWorker } from "../src/engine/worker-messages";
import type { AutocompleteEvent, EngineStatus, HostEvent } from "../src/shared/protocol";
import { done as answered } from "./fake-tier";

/** The worker's side of the channel, driven by the test. */
class TestWorker {
  onmessage: ((event: { data: FromWorker }) => void) | null = null;
  onerror: ((event: { preventDefault(): void }) => void) | null = null;
  readonly sent: ToWorker[] = [];
  terminated = false;

  postMessage(message: ToWorker): void {
    this.sent.push(message);
  }

  terminate(): void {
    this.terminated = true;
  }

  say(message: FromWorker): void {
    this.onmessage?.({ data: message });
  }

  die(): void {
    this.onerror?.({ preventDefault: () => undefined });
  }
}

const READY: EngineStatus = {
  type: "ready",
  engine: {
    model: "m",
    version: 1,
    parameters: 1,
    backend: "wasm",
    backendReason: "webgpuAbsent",
    backendDetail: "this browser has no WebGPU",
    loadMs: 5,
    lastLatencyMs: null,
  },
};

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

function setUp() {
  const workers: TestWorker[] = [];
  const stored = new Map<string, string>();
  const adapters = new Map<chrome.runtime.Port, string>();
  const given: string[] = [];
  const host = new EngineHost({
    makeWorker: () => {
      const worker = new TestWorker();
      workers.push(worker);
      return worker as unknown as Worker;
    },
    store: new CalibrationStore({
      getItem: (key) => stored.get(key) ?? null,
      setItem: (key, value) => void stored.set(key, value),
      removeItem: (key) => void stored.delete(key),
    }),
    observe: () => undefined,
    used: () => undefined,
    adapterOf: (port) => adapters.get(port) ?? null,
    adapterGiven: (name, error) => given.push(`${name} ${error?.code ?? "taken"}`),
    readPreference: async () => "auto",
  });
  const events: AutocompleteEvent[] = [];
  const port = { postMessage: (event: AutocompleteEvent) => events.push(event) } as unknown as chrome.runtime.Port;
  const last = () => {
    const worker = workers.at(-1);
    assert.ok(worker);
    return worker;
  };
  return { host, workers, stored, adapters, given, events, port, last };
}

const request = (id: number): SuggestRequest => ({
  type: "suggest",
  id,
  before: "x",
  after: "",
  field: { singleLine: false, roomChars: null },
});

const done = (id: number): AutocompleteEvent => ({
  type: "done",
  id,
  outcome: { type: "suppress", reason: "lowConfidence" },
  timing: { totalMs: 12, prefillTokens: 1, reusedTokens: 0, decodeSteps: 1 },
  source: "model",
});

function codes(events: AutocompleteEvent[]): string[] {
  return events.map((event) => (event.type === "error" ? event.error.code : event.type));
}

test("a request waits until the engine is ready, and its time is shown", () => {
  const { host, port, events, last } = setUp();
  host.suggest(port, request(1));
  assert.deepEqual(host.status, { type: "loading" });
  last().say({ type: "status", status: READY });
  assert.equal(last().sent.at(-1)?.type, "suggest");
  last().say({ type: "event", key: 1, event: done(1) });
  assert.deepEqual(codes(events), ["done"]);
  assert.equal(host.status.type === "ready" && host.status.engine.lastLatencyMs, 12);
});

test("a worker that WebGPU takes along while it loads is started again, and what waits is answered", async () => {
  const { host, port, events, workers, last } = setUp();
  host.suggest(port, request(1));
  last().say({ type: "trying", trying: true });
  last().die();
  assert.equal(workers.length, 2);
  assert.deepEqual(events, []);
  await new Promise((resolve) => setImmediate(resolve));
  const load = last().sent.find(({ type }) => type === "load");
  assert.equal(load?.type === "load" && load.crashedBefore, true);
  last().say({ type: "status", status: READY });
  last().say({ type: "event", key: 1, event: done(1) });
  assert.deepEqual(codes(events), ["done"]);
});

test("another pack is put in place by a worker that is ready; one that dies over it says so", async () => {
  const { host, last } = setUp();
  const used = host.usePack(7);
  last().say({ type: "status", status: READY });
  await new Promise((resolve) => setImmediate(resolve));
  const sent = last().sent.at(-1);
  assert.ok(sent?.type === "usePack" && sent.version === 7);
  last().say({ type: "packUsed", key: sent.key, error: null });
  assert.equal(await used, null);
  const lost = host.usePack(8);
  await new Promise((resolve) => setImmediate(resolve));
  last().die();
  assert.equal((await lost)?.code, "peerGone");
});

test("a dead worker ends what is pending at once, and the next request starts another", () => {
  const { host, port, events, workers, last } = setUp();
  host.suggest(port, request(1));
  last().say({ type: "status", status: READY });
  last().die();
  assert.deepEqual(codes(events), ["peerGone"]);
  assert.deepEqual(host.status, { type: "idle" });
  host.suggest(port, request(2));
  assert.equal(workers.length, 2);
  last().say({ type: "status", status: READY });
  last().say({ type: "event", key: 2, event: done(2) });
  assert.deepEqual(codes(events), ["peerGone", "done"]);
});

test("a worker that hangs counts as dead", () => {
  const { host, port, events, last } = setUp();
  host.suggest(port, request(1));
  last().say({ type: "status", status: READY });
  mock.timers.tick(60_000);
  assert.deepEqual(codes(events), ["peerGone"]);
  assert.equal(last().terminated, true);
});

test("a worker that dies again and again is not started again by itself", () => {
  const { host, port, events, workers, last } = setUp();
  for (let id = 1; id <= 5; id += 1) {
    host.suggest(port, request(id));
    if (host.status.type === "loading") last().die();
  }
  assert.equal(workers.length, 3);
  assert.deepEqual(codes(events), ["peerGone", "peerGone", "internal", "internal", "internal"]);
  host.load();
  assert.equal(workers.length, 4);
});

test("a pack that cannot be loaded answers every request with its code, without loading it again", () => {
  const { host, port, events, workers, last } = setUp();
  const error = { code: "packBlobMismatch", message: "damaged", retryable: false } as const;
  host.suggest(port, request(1));
  last().say({ type: "status", status: { type: "failed", error } });
  host.suggest(port, request(2));
  host.warm();
  assert.deepEqual(codes(events), ["packBlobMismatch", "packBlobMismatch"]);
  assert.equal(workers.length, 1);
});

test("an answer holds suggestions back; the newest of them follows it", () => {
  const { host, port, events, last } = setUp();
  const answers: string[] = [];
  const sink = { postMessage: (event: HostEvent) => void answers.push(event.type) };
  host.assist(sink, { type: "summarize", id: 1, text: "x", length: "short" });
  last().say({ type: "status", status: READY });
  host.suggest(port, request(1));
  host.suggest(port, request(2));
  assert.deepEqual(
    last().sent.map(({ type }) => type),
    ["assist"],
  );
  last().say({ type: "assistEvent", key: 1, event: { type: "delta", id: 1, text: "y" } });
  last().say({ type: "assistEvent", key: 1, event: answered(1) });
  assert.equal(last().sent.at(-1)?.type, "suggest");
  last().say({ type: "event", key: 1, event: done(2) });
  assert.deepEqual(codes(events), ["cancelled", "done"]);
  assert.deepEqual(answers, ["delta", "done"]);
});

test("a worker that dies or falls silent in the middle of an answer ends it once", () => {
  for (const end of [(worker: TestWorker) => worker.die(), () => mock.timers.tick(120_000)]) {
    const { host, last } = setUp();
    const answers: string[] = [];
    const sink = { postMessage: (event: HostEvent) => void answers.push(event.type) };
    host.assist(sink, { type: "summarize", id: 1, text: "x", length: "short" });
    last().say({ type: "status", status: READY });
    last().say({ type: "assistEvent", key: 1, event: { type: "delta", id: 1, text: "y" } });
    end(last());
    last().say({ type: "assistEvent", key: 1, event: answered(1) });
    assert.deepEqual(answers, ["delta", "error"]);
    assert.deepEqual(host.status, { type: "idle" });
  }
});

test("that WebGPU is being tried is stored before it is", () => {
  const { host, stored, last } = setUp();
  host.load();
  last().say({ type: "trying", trying: true });
  assert.equal(stored.size, 1);
  assert.equal(last().sent.at(-1)?.type, "tryingNoted");
  last().say({ type: "trying", trying: false });
  assert.equal(stored.size, 0);
});

test("an engine that nobody asks is unloaded", () => {
  const { host, last } = setUp();
  host.warm();
  last().say({ type: "status", status: READY });
  mock.timers.tick(20 * 60_000);
  assert.deepEqual(host.status, { type: "idle" });
  assert.equal(last().terminated, true);
});

test("an adapter is given to each worker that starts, before it is asked for anything, and each port has its own", () => {
  const { host, port, adapters, given, last } = setUp();
  const mine = { name: "mine", bytes: Uint8Array.of(1) };
  host.setAdapter(mine);
  assert.equal(host.status.type, "idle", "an adapter starts no engine");
  for (const _ of [1, 2]) {
    host.suggest(port, request(1));
    assert.deepEqual(last().sent[0], { type: "adapter", adapter: mine });
    last().die();
  }
  adapters.set(port, "mine");
  host.suggest(port, request(2));
  last().say({ type: "status", status: READY });
  const asked = last().sent.at(-1);
  assert.equal(asked?.type === "suggest" && asked.adapter, "mine");
  last().say({ type: "adapterGiven", name: "mine", error: null });
  assert.deepEqual(given, ["mine taken"]);
  host.setAdapter(null);
  assert.deepEqual(last().sent.at(-1), { type: "adapter", adapter: null });
});
