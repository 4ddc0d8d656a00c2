import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mock, test } from "node:test";
import type { AssistTier, TierOutputs } from "../src/engine/assist/tier";
import { checkWrote, siteOf } from "../src/engine/autocomplete-ports";
import { type LoadedAdapter, PersonalDesk } from "../src/engine/personal/personal-desk";
import { MAX_ADAPTER_BYTES } from "../src/engine/personal/read-adapter";
import type { TierRequest } from "../src/shared/assist-messages";
import { wireError } from "../src/shared/errors";
import {
  MAX_KEPT_UTF16,
  MIN_KEPT_UTF16,
  type Observation,
  PACK_CHUNK_BYTES,
  type PersonalAnswer,
  type PersonalStatus,
  type PersonalTask,
  type WireError,
} from "../src/shared/protocol";

const NAMED = "https://mail.example";
const OTHER = "https://other.example";
const LOCKED = wireError("personalLocked", "The key is locked.");
const GONE = wireError("hostMissing", "The Sotto host is not installed.");
const ADAPTER = Uint8Array.from({ length: PACK_CHUNK_BYTES + 9 }, (_, at) => at % 251);
const SENTENCE = "x".repeat(MIN_KEPT_UTF16);

const STATUS: PersonalStatus = {
  isOn: true,
  isOpen: true,
  trouble: "",
  isKeyInFile: false,
  sites: [NAMED],
  texts: 0,
  kib: 0,
  maxDays: 180,
  maxMib: 4,
  adapters: [{ name: "mine", atS: 1, kib: 513 }],
  unfinished: [],
  lastTraining: null,
  newKib: 0,
};

const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
// Hashes at once, so that everything under way ends before the next turn of the event loop.
mock.method(crypto.subtle, "digest", async (_: string, bytes: Uint8Array) =>
  createHash("sha256").update(bytes).digest(),
);
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A host that the test plays, and a worker that notes what it gets. */
class Bench implements AssistTier {
  readonly asked: PersonalTask[] = [];
  readonly given: (LoadedAdapter | null)[] = [];
  readonly told: string[] = [];
  readonly observed: Observation[] = [];
  choice = { isOn: true, adapter: "mine" as string | null };
  status = STATUS;
  whole = ADAPTER;
  damage = (data: Buffer) => data;
  problem: { unavailable?: WireError; keep?: WireError } = {};
  nowMs = 0;
  readonly desk = new PersonalDesk<string>({
    host: this,
    choice: async () => this.choice,
    setAdapter: (adapter) => this.given.push(adapter),
    observe: (observation) => this.observed.push(observation),
    nowMs: () => this.nowMs,
  });

  run(request: TierRequest, outputs: TierOutputs): () => void {
    if (request.type !== "personal") throw new Error("not asked for here");
    this.asked.push(request.task);
    if (this.problem.unavailable) outputs.unavailable(this.problem.unavailable);
    else if (request.task.type === "keep" && this.problem.keep)
      outputs.event({ type: "error", id: 1, error: this.problem.keep });
    else outputs.event({ type: "personal", id: 1, answer: this.#answer(request.task) });
    return () => undefined;
  }

  #answer(task: PersonalTask): PersonalAnswer {
    if (task.type === "keep") return { type: "kept", number: 1 };
    if (task.type !== "readAdapter") return { type: "status", status: this.status };
    const { index } = task;
    const data = Buffer.from(this.whole.subarray(index * PACK_CHUNK_BYTES, (index + 1) * PACK_CHUNK_BYTES));
    const chunks = Math.ceil(this.whole.length / PACK_CHUNK_BYTES);
    const chunk = { index, sha256: hash(data), data: this.damage(data).toString("base64") };
    return { type: "adapter", chunk, chunks };
  }

  async open(port: string, site: string | null, isPrivate = false): Promise<void> {
    this.desk.add(port, { site, isPrivate, tell: (keeps) => this.told.push(`${port} ${keeps}`) });
    await settled();
  }

  kept(): string[] {
    return this.asked.flatMap((task) => (task.type === "keep" ? [task.site] : []));
  }
}

test("while it is off, the host is not asked at all, and nothing is kept", async () => {
  const bench = new Bench();
  bench.choice.isOn = false;
  await bench.open("a", NAMED);
  bench.desk.wrote("a", SENTENCE);
  await settled();
  assert.deepEqual([bench.asked, bench.told, bench.given], [[], [], []]);
  assert.equal(bench.desk.adapterOf("a"), null);
  assert.deepEqual(bench.desk.view(), { trouble: "", adapter: null, adapterTrouble: "" });
});

test("texts are kept from named sites alone, under the site that the browser says, and within the limits", async () => {
  const bench = new Bench();
  await bench.open("a", NAMED);
  await bench.open("b", OTHER);
  await bench.open("c", null);
  await bench.open("private", NAMED, true);
  assert.deepEqual(bench.told, ["a true"]);
  for (const port of ["a", "b", "c", "private", "nobody"]) bench.desk.wrote(port, SENTENCE);
  bench.desk.wrote("a", SENTENCE.slice(1));
  bench.desk.wrote("a", "x".repeat(MAX_KEPT_UTF16 + 1));
  await settled();
  assert.deepEqual(bench.kept(), [NAMED]);
});

test("a site is what the browser says of the frame, and a sandboxed frame has none", () => {
  assert.equal(siteOf({ origin: NAMED, url: `${OTHER}/x` }), NAMED);
  assert.equal(siteOf({ origin: "null", url: `${NAMED}/x` }), null);
  assert.equal(siteOf({ url: `${NAMED}/x` }), NAMED);
  assert.equal(siteOf({}), null);
  const wrote = { type: "wrote", text: "x", field: 3 };
  assert.deepEqual(checkWrote({ ...wrote, site: NAMED }), wrote);
  assert.equal(checkWrote({ ...wrote, field: -1 }), undefined);
  assert.equal(checkWrote({ ...wrote, text: 1 }), undefined);
});

test("a site that is taken back is told at once, and loses the adapter", async () => {
  const bench = new Bench();
  await bench.open("a", NAMED);
  assert.equal(bench.desk.adapterOf("a"), "mine");
  bench.status = { ...STATUS, sites: [OTHER] };
  await bench.desk.refresh();
  bench.desk.wrote("a", SENTENCE);
  assert.deepEqual(bench.told, ["a true", "a false"]);
  assert.equal(bench.desk.adapterOf("a"), null);
  assert.deepEqual(bench.kept(), []);
});

test("the adapter is read whole, once, for named sites, and for nobody else", async () => {
  const bench = new Bench();
  await bench.open("b", OTHER);
  assert.equal(bench.given.length, 0, "nobody needs it yet");
  await bench.open("a", NAMED);
  await bench.open("a2", NAMED);
  assert.equal(bench.given.length, 1);
  assert.equal(bench.given[0]?.name, "mine");
  assert.deepEqual(bench.given[0]?.bytes, ADAPTER);
  assert.deepEqual(
    ["a", "a2", "b", "nobody"].map((port) => bench.desk.adapterOf(port)),
    ["mine", "mine", null, null],
  );
  bench.desk.remove("a");
  assert.equal(bench.desk.adapterOf("a"), null);
});

test("one that was trained again is read again, and one that is not chosen any more is taken away", async () => {
  const bench = new Bench();
  await bench.open("a", NAMED);
  bench.status = { ...STATUS, adapters: [{ name: "mine", atS: 2, kib: 513 }] };
  await bench.desk.refresh();
  await settled();
  assert.deepEqual(
    bench.given.map((one) => one?.name),
    ["mine", undefined, "mine"],
  );
  bench.choice = { isOn: true, adapter: null };
  await bench.desk.refresh();
  assert.equal(bench.given.at(-1), null);
  assert.equal(bench.desk.adapterOf("a"), null);
});

test("a damaged, an empty or an endless adapter is not used, and one is told why", async () => {
  const changes: ((bench: Bench) => void)[] = [
    (bench) => {
      bench.damage = (data) => Buffer.concat([Buffer.of((data[0] ?? 0) ^ 1), data.subarray(1)]);
    },
    (bench) => {
      bench.damage = (data) => data.subarray(1);
    },
    (bench) => {
      bench.whole = new Uint8Array();
    },
    (bench) => {
      bench.whole = new Uint8Array(MAX_ADAPTER_BYTES + 1);
    },
  ];
  for (const change of changes) {
    const bench = new Bench();
    change(bench);
    await bench.open("a", NAMED);
    assert.deepEqual(bench.given, []);
    assert.equal(bench.desk.adapterOf("a"), null);
    assert.notEqual(bench.desk.view().adapterTrouble, "");
    const reads = bench.asked.filter(({ type }) => type === "readAdapter").length;
    assert.equal(reads, 1, "the first part said enough");
    assert.deepEqual(bench.told, ["a true"], "what is written is kept all the same");
  }
});

test("an adapter that is gone, and one that the engine refuses, are reasons to read", async () => {
  const bench = new Bench();
  bench.choice.adapter = "other";
  await bench.open("a", NAMED);
  assert.match(bench.desk.view().adapterTrouble, /not there any more/);
  bench.choice.adapter = "mine";
  await bench.desk.refresh();
  await settled();
  bench.desk.adapterTold("mine", wireError("adapterOtherModel", "It was trained for another model."));
  assert.deepEqual(bench.desk.view(), {
    trouble: "",
    adapter: "mine",
    adapterTrouble: "It was trained for another model.",
  });
  bench.desk.adapterTold("mine", null);
  assert.equal(bench.desk.view().adapterTrouble, "");
  assert.deepEqual(bench.observed, [
    { type: "verificationFailed", check: "adapterOtherModel" },
    { type: "fellBack", reason: "adapterRefused" },
    { type: "loaded", what: "adapter", version: 0 },
  ]);
});

test("without the host nothing is kept and no adapter used, and it is asked again after a while", async () => {
  const bench = new Bench();
  bench.problem.unavailable = GONE;
  await bench.open("a", NAMED);
  await bench.open("b", NAMED);
  assert.equal(bench.asked.length, 1);
  assert.deepEqual([bench.told, bench.given], [[], []]);
  assert.equal(bench.desk.view().trouble, GONE.message);
  bench.problem = {};
  bench.nowMs = 60_000;
  await bench.open("c", NAMED);
  assert.deepEqual(bench.told, ["a true", "b true", "c true"]);
  assert.equal(bench.desk.view().trouble, "");
});

test("with a locked key nothing is kept; a page that opens it says so and all goes on", async () => {
  const bench = new Bench();
  bench.status = { ...STATUS, isOpen: false, trouble: LOCKED.message, sites: [] };
  await bench.open("a", NAMED);
  assert.equal(bench.desk.view().trouble, LOCKED.message);
  bench.status = STATUS;
  await bench.desk.refresh();
  await settled();
  assert.equal(bench.desk.adapterOf("a"), "mine");
  // The host was started again meanwhile, and has forgotten the passphrase.
  bench.problem.keep = LOCKED;
  bench.desk.wrote("a", SENTENCE);
  await settled();
  assert.deepEqual(bench.told, ["a true", "a false"]);
  assert.equal(bench.desk.adapterOf("a"), null);
  assert.equal(bench.desk.view().trouble, LOCKED.message);
});

test("a text that could not be kept changes nothing else, and the next one may", async () => {
  const bench = new Bench();
  await bench.open("a", NAMED);
  bench.problem.keep = wireError("overloaded", "Busy.", true);
  bench.desk.wrote("a", SENTENCE);
  await settled();
  assert.equal(bench.desk.view().trouble, "Busy.");
  bench.problem = {};
  bench.desk.wrote("a", SENTENCE);
  await settled();
  assert.equal(bench.desk.view().trouble, "");
  assert.deepEqual(bench.told, ["a true"]);
});

test("deleting everything forgets sites and adapter, whatever was still on its way", async () => {
  const bench = new Bench();
  await bench.open("a", NAMED);
  const late = bench.desk.refresh();
  bench.desk.forget();
  await late;
  await settled();
  assert.deepEqual(bench.told, ["a true", "a false"]);
  assert.equal(bench.given.at(-1), null);
  assert.deepEqual(bench.desk.view(), { trouble: "", adapter: null, adapterTrouble: "" });
});
