import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { AssistTier, TierOutputs } from "../src/engine/assist/tier";
import { HandOver, type HandOverParts, type PackPlace } from "../src/engine/packs/hand-over";
import type { PackState } from "../src/engine/packs/pack-storage";
import type { TierRequest } from "../src/shared/assist-messages";
import { SottoError, wireError } from "../src/shared/errors";
import { type HostEvent, PACK_CHUNK_BYTES, type WireError } from "../src/shared/protocol";

const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const WEIGHTS = Uint8Array.from({ length: 2 * PACK_CHUNK_BYTES + 7 }, (_, at) => at % 251);
const TOKENIZER = Uint8Array.of(1, 2, 3);
const FILES = new Map([WEIGHTS, TOKENIZER].map((bytes) => [hash(bytes), bytes]));
const BLOBS = [...FILES].map(([sha256, bytes]) => ({ sha256, bytes: bytes.length }));
/** Of the weights; the tokenizer came with the extension. */
const CHUNKS = 3;

/** Storage that can be looked into, and that ends the whole process at a chosen write. */
class MemoryPlace implements PackPlace {
  readonly chunks = new Map<string, Uint8Array>();
  readonly files = new Map<string, Uint8Array>();
  current: PackState = { active: null, refused: null };
  writesLeft = Number.POSITIVE_INFINITY;
  fault: Error = new Error("killed");

  #write(): void {
    if (this.writesLeft-- <= 0) throw this.fault;
  }
  async state() {
    return this.current;
  }
  async setState(state: PackState) {
    this.#write();
    this.current = state;
  }
  async putFile(version: number, name: string, bytes: Uint8Array) {
    this.#write();
    this.files.set(`${version}/${name}`, bytes);
  }
  async hasChunk(version: number, sha256: string, index: number, bytes: number) {
    return this.chunks.get(`${version}/${sha256}/${index}`)?.length === bytes;
  }
  async putChunk(version: number, sha256: string, index: number, bytes: Uint8Array) {
    this.#write();
    this.chunks.set(`${version}/${sha256}/${index}`, bytes);
  }
  async removeOthers(kept: number | null) {
    for (const map of [this.chunks, this.files]) {
      for (const key of map.keys()) if (!key.startsWith(`${kept}/`)) map.delete(key);
    }
  }
}

function bench(changes: { chunk?: (data: Buffer) => Buffer; offered?: number | null; use?: WireError } = {}) {
  const asked: string[] = [];
  const used: (number | null)[] = [];
  const place = new MemoryPlace();
  const answer = (request: TierRequest): HostEvent => {
    if (request.type === "offerPack") {
      const version = changes.offered === undefined ? 5 : changes.offered;
      const isNewer = version !== null && version > request.newerThan;
      return { type: "packOffer", id: 1, offer: isNewer ? { version, manifest: "{}", signature: "00ff" } : null };
    }
    if (request.type !== "readPack") throw new Error("not asked for here");
    const { file, index } = request.part;
    asked.push(`${[...FILES.keys()].indexOf(file)}/${index}`);
    const whole = FILES.get(file) ?? new Uint8Array();
    const data = Buffer.from(whole.subarray(index * PACK_CHUNK_BYTES, (index + 1) * PACK_CHUNK_BYTES));
    const sent = changes.chunk?.(data) ?? data;
    return { type: "packChunk", id: 1, chunk: { index, sha256: hash(data), data: sent.toString("base64") } };
  };
  const host: AssistTier = {
    run: (request: TierRequest, outputs: TierOutputs) => {
      outputs.event(answer(request));
      return () => undefined;
    },
  };
  const parts: HandOverParts = {
    host,
    place: async () => place,
    packaged: async () => ({ version: 2, files: new Set([hash(TOKENIZER)]) }),
    verify: async () => BLOBS,
    roomBytes: async () => 1e9,
    use: async (version) => {
      used.push(version);
      return changes.use ?? null;
    },
  };
  return { asked, used, place, parts, handOver: new HandOver(parts) };
}

const code = (expected: string) => (error: unknown) => error instanceof SottoError && error.code === expected;

test("only what is not here is taken over, and the new model is put in place", async () => {
  const { asked, used, place, handOver } = bench();
  assert.deepEqual((await handOver.view()).offer, { version: 5, bytes: WEIGHTS.length });
  await handOver.take(5);
  assert.deepEqual(asked, ["0/0", "0/1", "0/2"]);
  assert.deepEqual(used, [5]);
  assert.deepEqual(place.current, { active: 5, refused: null });
  const stored = Buffer.concat(
    [0, 1, 2].map((index) => place.chunks.get(`5/${hash(WEIGHTS)}/${index}`) ?? new Uint8Array()),
  );
  assert.ok(stored.equals(WEIGHTS));
  assert.deepEqual(place.files.get("5/manifest.sig"), Uint8Array.of(0, 255));
  assert.equal((await handOver.view()).offer, null, "there is no newer one now");
});

test("killed at any write, it goes on with the rest, and the model from before stays until the end", async () => {
  for (let writes = 0; ; writes += 1) {
    const { asked, used, place, parts } = bench();
    place.writesLeft = writes;
    const isDone = await new HandOver(parts).take(5).then(
      () => true,
      () => false,
    );
    if (isDone) {
      assert.equal(writes, CHUNKS + 3, "chunks, manifest, signature, state");
      break;
    }
    assert.equal(place.current.active, null);
    assert.equal(used.length, writes < CHUNKS + 2 ? 0 : 1);
    place.writesLeft = Number.POSITIVE_INFINITY;
    asked.length = 0;
    await new HandOver(parts).take(5);
    assert.equal(asked.length, CHUNKS - Math.min(writes, CHUNKS));
    assert.equal(place.current.active, 5);
  }
});

test("a chunk that was damaged on its way is refused, and what was there before it stays", async () => {
  let count = 0;
  const flip = (data: Buffer) => {
    count += 1;
    if (count === 2) data = Buffer.concat([Buffer.of((data[0] ?? 0) ^ 1), data.subarray(1)]);
    return data;
  };
  const { used, place, handOver } = bench({ chunk: flip });
  await assert.rejects(handOver.take(5), code("packBlobMismatch"));
  assert.deepEqual(used, []);
  assert.equal(place.chunks.size, 1);
});

test("a model that does not give its known answer is not used and not kept, and one is told why", async () => {
  const why = wireError("backendUnavailable", "A wrong answer.");
  const { place, handOver } = bench({ use: why });
  await assert.rejects(handOver.take(5), code("backendUnavailable"));
  assert.deepEqual(place.current, { active: null, refused: { version: 5, error: why } });
  assert.equal(place.chunks.size + place.files.size, 0);
  assert.deepEqual((await handOver.view()).refused, { version: 5, error: why });
});

test("without room nothing is asked for, and a quota that ends in the middle says so", async () => {
  const { asked, place, parts, handOver } = bench();
  const small = new HandOver({ ...parts, roomBytes: async () => 1000 });
  await assert.rejects(small.take(5), code("outOfMemory"));
  assert.deepEqual(asked, []);
  place.writesLeft = 1;
  place.fault = new DOMException("full", "QuotaExceededError");
  await assert.rejects(handOver.take(5), code("outOfMemory"));
  assert.equal(place.current.active, null);
});

test("an unsigned manifest is refused before anything is asked for", async () => {
  const { asked, place, parts } = bench();
  const unsigned = async () => {
    throw new SottoError(wireError("packSignatureInvalid", "Not signed."));
  };
  const handOver = new HandOver({ ...parts, verify: unsigned });
  assert.equal((await handOver.view()).why, "Not signed.");
  await assert.rejects(handOver.take(5), code("packSignatureInvalid"));
  assert.deepEqual(asked, []);
  assert.equal(place.files.size, 0);
});

test("an offer that changed meanwhile is looked for again, and a host without one offers nothing", async () => {
  const { handOver } = bench({ offered: 6 });
  await assert.rejects(handOver.take(5), code("packBlobMissing"));
  const none = bench({ offered: null });
  assert.deepEqual((await none.handOver.view()).offer, null);
});

test("back to the packaged model: it is put in place first, and the other one is removed", async () => {
  const { used, place, handOver } = bench();
  await handOver.take(5);
  await handOver.drop();
  assert.deepEqual(used, [5, null]);
  assert.deepEqual(place.current, { active: null, refused: null });
  assert.equal(place.chunks.size, 0);
});
