import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Tally } from "../src/content/tally";
import { checkNote } from "../src/engine/autocomplete-ports";
import { TelemetryBook } from "../src/engine/telemetry/telemetry-book";
import type { SuggestionNote } from "../src/shared/messages";
import type { Observation } from "../src/shared/protocol";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

const SHOWN: Observation = { type: "shown" };
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Counts the way wasm does, as far as these tests look: it remembers what it was given. */
class TestCounters {
  readonly seen: Observation[];

  constructor(stored: string) {
    this.seen = (JSON.parse(stored) as { seen?: Observation[] }).seen ?? [];
  }

  record(json: string): void {
    const observation = JSON.parse(json) as Observation;
    if (!("type" in observation)) throw new Error("no observation");
    this.seen.push(observation);
  }

  stored = () => JSON.stringify({ seen: this.seen });
  view = () => JSON.stringify({ shown: this.seen.length });
  export = (schema: string, epsilon: string) => JSON.stringify({ schema: JSON.parse(schema), epsilon });
}

function setUp() {
  const stored = new Map<string, string>();
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  };
  let isThere = true;
  const book = () =>
    new TelemetryBook({
      storage,
      counters: async (json) => {
        if (!isThere) throw new Error("no wasm");
        return new TestCounters(json);
      },
    });
  return { stored, book, remove: () => (isThere = false), putBack: () => (isThere = true) };
}

test("what is counted is stored after a while, and counted on from by the next start", async () => {
  const { stored, book } = setUp();
  const first = book();
  first.observe(SHOWN);
  await turn();
  first.observe(SHOWN);
  assert.equal(stored.size, 0);
  mock.timers.tick(3_000);
  assert.equal(stored.size, 1);
  const second = book();
  second.observe(SHOWN);
  assert.deepEqual(await second.view(), { shown: 3 });
});

test("nothing is lost while the wasm cannot be had, and nobody fails for it", async () => {
  const { book, remove, putBack } = setUp();
  const only = book();
  remove();
  only.observe(SHOWN);
  await turn();
  await assert.rejects(only.view());
  putBack();
  only.observe(SHOWN);
  assert.deepEqual(await only.view(), { shown: 2 });
});

test("what is cleared is gone, in the store as well", async () => {
  const { stored, book } = setUp();
  const only = book();
  only.observe(SHOWN);
  await turn();
  only.flush();
  only.observe(SHOWN);
  only.clear();
  mock.timers.tick(60_000);
  assert.equal(stored.size, 0);
  assert.deepEqual(await only.view(), { shown: 0 });
});

test("an export names every word that can be counted", async () => {
  const { schema } = (await setUp().book().export({ numerator: 1, denominator: 1 })) as unknown as {
    schema: Record<string, string[]>;
  };
  assert.deepEqual(schema.tiers, ["browser", "host", "cloud"]);
  assert.ok(schema.suppressions?.includes("secureField"));
});

test("a suggestion is shown once and accepted once, however it is taken", () => {
  const notes: SuggestionNote[] = [];
  const tally = new Tally((note) => notes.push(note));
  const suggestion = { before: "a", after: "", text: "one two three" };
  assert.equal(tally.isNew(suggestion), true);
  tally.shown(12.4);
  assert.equal(tally.isNew(suggestion), false, "it came back");
  tally.accepted("one ");
  tally.accepted("two three");
  tally.end();
  tally.end();
  assert.equal(tally.isNew({ ...suggestion }), true);
  tally.shown(null);
  tally.end();
  assert.deepEqual(notes, [
    { type: "shown", latencyMs: 12 },
    { type: "accepted", words: 3 },
    { type: "shown", latencyMs: null },
  ]);
});

test("what a content script tells is numbers, or nothing", () => {
  assert.deepEqual(checkNote({ type: "shown", latencyMs: 7, text: "secret" }), { type: "shown", latencyMs: 7 });
  assert.deepEqual(checkNote({ type: "shown", latencyMs: "x" }), { type: "shown", latencyMs: null });
  assert.deepEqual(checkNote({ type: "accepted", words: 2 }), { type: "accepted", words: 2 });
  for (const raw of [null, {}, { type: "accepted" }, { type: "accepted", words: 0 }, { type: "suggest" }]) {
    assert.equal(checkNote(raw), undefined);
  }
});
