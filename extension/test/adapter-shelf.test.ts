import assert from "node:assert/strict";
import { test } from "node:test";
import { type AdapterEngine, AdapterShelf, type RunningEngine } from "../src/engine/worker/adapter-shelf";
import type { Backend } from "../src/shared/protocol";

const MINE = { name: "mine", bytes: Uint8Array.of(1) };

function engine(calls: string[], problem?: Error, backend: Backend = "wasm"): RunningEngine {
  const one: AdapterEngine = {
    putAdapter: (name) => {
      if (problem) throw problem;
      calls.push(`put ${name}`);
    },
    useAdapter: (name) => calls.push(`use ${name ?? "none"}`),
    dropAdapters: () => calls.push("drop"),
  };
  return { engine: one, backend };
}

function setUp() {
  const told: string[] = [];
  const shelf = new AdapterShelf((name, error) => told.push(`${name} ${error?.code ?? "taken"}`));
  return { told, shelf };
}

test("an engine is given the adapter once, and each request says whether it is used", () => {
  const { told, shelf } = setUp();
  const calls: string[] = [];
  const running = engine(calls);
  shelf.set(MINE);
  shelf.give(running);
  shelf.choose(running, "mine");
  shelf.choose(running, null);
  shelf.choose(running, "other");
  assert.deepEqual(calls, ["drop", "put mine", "use mine", "use none", "use none"]);
  assert.deepEqual(told, ["mine taken"]);
});

test("an engine that takes over is given it again, and may be of another mind", () => {
  const { told, shelf } = setUp();
  const calls: string[] = [];
  shelf.set(MINE);
  shelf.choose(engine([]), "mine");
  const other = Object.assign(new Error("Trained for another model."), { code: "adapterOtherModel" });
  shelf.choose(engine(calls, other), "mine");
  shelf.choose(engine(calls, undefined, "webgpu"), "mine");
  assert.deepEqual(calls, ["drop", "drop"], "no use of what was not taken");
  assert.deepEqual(told, ["mine taken", "mine adapterOtherModel", "mine backendUnavailable"]);
});

test("an adapter that is taken away is dropped, and nothing is told where there never was one", () => {
  const { told, shelf } = setUp();
  const calls: string[] = [];
  const running = engine(calls);
  shelf.choose(running, "mine");
  assert.deepEqual([calls, told], [["drop"], []]);
  shelf.set(MINE);
  shelf.choose(running, "mine");
  shelf.set(null);
  shelf.choose(running, "mine");
  assert.deepEqual(calls, ["drop", "drop", "put mine", "use mine", "drop"]);
});
