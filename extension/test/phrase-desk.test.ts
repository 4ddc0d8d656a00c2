import assert from "node:assert/strict";
import { test } from "node:test";
import type { BookState } from "../src/engine/phrases/phrase-book";
import { PhraseDesk } from "../src/engine/phrases/phrase-desk";
import { phraseTask } from "../src/engine/phrases/phrase-task";
import type { SuggestRequest } from "../src/engine/request-queue";
import { SottoError, wireError } from "../src/shared/errors";
import type { PhraseInput, SuggestOutcome } from "../src/shared/protocol";
import { parseSettings, usesPhrases } from "../src/shared/settings";

const SITE = "https://mail.example";
const MINUTES = "Please find attached the minutes of the meeting.";

class Bench {
  isWanted = true;
  kept: BookState | undefined;
  problem: SottoError | undefined;
  readonly told: string[] = [];
  readonly judged: PhraseInput[] = [];
  outcome: (input: PhraseInput) => SuggestOutcome = ({ rest }) => ({ type: "show", text: rest, confidence: 1 });
  readonly desk = new PhraseDesk<string>({
    store: {
      read: async () => {
        if (this.problem) throw this.problem;
        return this.kept && structuredClone(this.kept);
      },
      write: async (state) => {
        this.kept = structuredClone(state);
      },
      erase: async () => {
        this.kept = undefined;
      },
    },
    isWanted: async () => this.isWanted,
    rules: async () => (input) => {
      this.judged.push(input);
      return this.outcome(input);
    },
    nowMs: () => 0,
    today: () => 20_000,
  });

  add(port: string, site: string | null = SITE, isPrivate = false): void {
    this.desk.add(port, { site, isPrivate, tell: (keeps) => this.told.push(`${port} ${keeps}`) });
  }

  /** Switched on, with the site named and one page of it open. */
  static async open(): Promise<Bench> {
    const bench = new Bench();
    await bench.desk.refresh();
    await bench.desk.do({ type: "setSite", site: SITE, isNamed: true });
    bench.add("a");
    return bench;
  }

  ask(port: string, before: string) {
    const request: SuggestRequest = {
      type: "suggest",
      id: 7,
      before,
      after: "",
      field: { singleLine: false, roomChars: null },
    };
    return this.desk.answer(port, request);
  }
}

test("what was written twice on a named site completes what is typed there", async () => {
  const bench = await Bench.open();
  assert.deepEqual(bench.told, ["a true"]);
  bench.desk.wrote("a", MINUTES, 1);
  assert.equal(bench.ask("a", "Please find"), undefined);
  bench.desk.wrote("a", MINUTES, 2);
  const event = bench.ask("a", "Please find");
  assert.ok(event?.type === "done" && event.outcome.type === "show");
  assert.deepEqual(
    [event.id, event.source, event.outcome.text],
    [7, "phrases", " attached the minutes of the meeting."],
  );
  await bench.desk.do({ type: "status" });
  assert.equal(bench.kept?.phrases[0]?.times, 2);
});

test("the same field told again is not written again", async () => {
  const bench = await Bench.open();
  bench.desk.wrote("a", MINUTES, 1);
  bench.desk.wrote("a", `${MINUTES} And that is all for now.`, 1);
  assert.equal(bench.ask("a", "Please find"), undefined);
});

test("sites that were not named and private windows teach nothing", async () => {
  const bench = await Bench.open();
  bench.add("other", "https://other.example");
  bench.add("private", SITE, true);
  bench.add("nowhere", null);
  for (const port of ["other", "private", "nowhere"]) {
    bench.desk.wrote(port, MINUTES, 1);
    bench.desk.wrote(port, MINUTES, 2);
    bench.desk.wrote("a", "Something else was written here.", 1);
    assert.equal(bench.ask(port, "Please find"), undefined, port);
  }
  assert.deepEqual(bench.told, ["a true"]);
  assert.equal((await bench.desk.do({ type: "search", query: "minutes", after: null })).found.length, 0);
});

test("what the rules do not let through is not shown, and the model is asked", async () => {
  const bench = await Bench.open();
  bench.desk.wrote("a", MINUTES, 1);
  bench.desk.wrote("a", MINUTES, 2);
  bench.outcome = () => ({ type: "suppress", reason: "neverSuggested" });
  assert.equal(bench.ask("a", "Please find"), undefined);
  assert.equal(bench.judged.length, 1);
  bench.outcome = () => {
    throw new Error("the wasm is broken");
  };
  assert.equal(bench.ask("a", "Please find"), undefined);
});

test("switched off, or where the host does it, nothing is learned or suggested; what is there can be erased", async () => {
  const bench = await Bench.open();
  bench.desk.wrote("a", MINUTES, 1);
  bench.desk.wrote("a", MINUTES, 2);
  bench.isWanted = false;
  await bench.desk.refresh();
  assert.deepEqual(bench.told, ["a true", "a false"]);
  bench.desk.wrote("a", "Another sentence is written now.", 3);
  assert.equal(bench.ask("a", "Please find"), undefined);
  const { isOn, found } = await bench.desk.do({ type: "search", query: "", after: null });
  assert.deepEqual([isOn, found.length], [false, 1]);
  assert.equal((await bench.desk.do({ type: "erase", number: found[0]?.number ?? 0 })).count, 0);
  assert.deepEqual(bench.kept?.phrases, []);

  const settings = parseSettings({ phrases: true }, false);
  assert.equal(usesPhrases(settings), true);
  assert.equal(usesPhrases({ ...settings, personal: true }), false);
  assert.equal(usesPhrases({ ...settings, personal: true, useHost: false }), true);
  assert.equal(usesPhrases(parseSettings({}, false)), false);
});

test("erasing everything takes the sites, too, and an earlier word does not bring them back", async () => {
  const bench = await Bench.open();
  bench.desk.wrote("a", MINUTES, 1);
  const reply = await bench.desk.do({ type: "eraseAll" });
  assert.deepEqual([reply.count, reply.sites, bench.kept], [0, [], undefined]);
  assert.deepEqual(bench.told, ["a true", "a false"]);
});

test("what does not open is a sentence; suggestions go on without, and nothing is written over it", async () => {
  const bench = new Bench();
  bench.kept = { format: 1, sites: [SITE], phrases: [] };
  bench.problem = new SottoError(wireError("personalLocked", "They do not open."));
  bench.add("a");
  await bench.desk.refresh();
  bench.desk.wrote("a", MINUTES, 1);
  assert.equal(bench.ask("a", "Please find"), undefined);
  await assert.rejects(bench.desk.do({ type: "status" }), /They do not open/);
  assert.deepEqual(bench.kept, { format: 1, sites: [SITE], phrases: [] });
  // Erasing is the way out.
  bench.problem = undefined;
  assert.equal((await bench.desk.do({ type: "eraseAll" })).trouble, "");
});

test("long lists come in pages", async () => {
  const bench = await Bench.open();
  for (let at = 0; at < 60; at += 1) bench.desk.wrote("a", `Sentence number ${at} is here.`, at);
  const first = await bench.desk.do({ type: "search", query: "", after: null });
  assert.deepEqual([first.found.length, first.hasMore], [50, true]);
  const second = await bench.desk.do({ type: "search", query: "", after: first.found.at(-1)?.number ?? 0 });
  assert.deepEqual([second.found.length, second.hasMore], [10, false]);
});

test("a task is taken only within its limits", () => {
  assert.deepEqual(phraseTask({ type: "setSite", site: SITE, isNamed: true }), {
    type: "setSite",
    site: SITE,
    isNamed: true,
  });
  assert.deepEqual(phraseTask({ type: "eraseAll", more: 1 }), { type: "eraseAll" });
  for (const bad of [
    undefined,
    { type: "danced" },
    { type: "setSite", site: `${SITE}/inbox`, isNamed: true },
    { type: "search", query: "x".repeat(1_001), after: null },
    { type: "search", query: "" },
    { type: "erase", number: -1 },
  ]) {
    assert.throws(() => phraseTask(bad), /Unknown task/);
  }
});
