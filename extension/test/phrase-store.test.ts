import assert from "node:assert/strict";
import { test } from "node:test";
import { PhraseBook } from "../src/engine/phrases/phrase-book";
import { PhraseStore, type Vault } from "../src/engine/phrases/phrase-store";
import { SottoError } from "../src/shared/errors";

const DAY = 20_000;

class Memory implements Vault {
  values = new Map<string, unknown>();
  get = async (name: string) => this.values.get(name);
  put = async (values: Record<string, unknown>) => {
    for (const [name, value] of Object.entries(values)) this.values.set(name, value);
  };
  readonly removed: string[] = [];
  destroy = async (first: string) => {
    this.removed.push(first);
    this.values.clear();
  };
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into what is kept
type Kept = any;

function setUp() {
  const vault = new Memory();
  const store = new PhraseStore(vault);
  const book = new PhraseBook();
  book.setSite("https://mail.example", true);
  book.learn("https://mail.example", "The lighthouse keeper wrote this.", [], DAY);
  return { vault, store, state: book.state };
}

const isLocked = (error: unknown) => error instanceof SottoError && error.code === "personalLocked";

test("what is kept is sealed, under a key that cannot be taken out", async () => {
  const { vault, store, state } = setUp();
  assert.equal(await store.read(), undefined);
  await store.write(state, DAY);
  assert.deepEqual(await store.read(), state);
  const { data } = vault.values.get("book") as Kept;
  assert.ok(!Buffer.from(data).includes("lighthouse") && !Buffer.from(data).includes("mail.example"));
  const { key } = vault.values.get("key") as Kept;
  assert.equal(key.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("raw", key));
});

test("altered, or without its key, it does not open, and nothing is deleted", async () => {
  const { vault, store, state } = setUp();
  await store.write(state, DAY);
  const { keyId, nonce, data } = vault.values.get("book") as Kept;
  const altered = data.slice(0);
  new Uint8Array(altered).fill(0, 20, 24);
  vault.values.set("book", { keyId, nonce, data: altered });
  await assert.rejects(store.read(), isLocked);
  const key = vault.values.get("key");
  vault.values.set("book", { keyId, nonce, data });
  vault.values.delete("key");
  await assert.rejects(store.read(), isLocked);
  assert.ok(vault.values.has("book"));
  vault.values.set("key", key);
  assert.deepEqual(await store.read(), state);
});

test("a rotation leaves nothing that the old key opens, and comes by itself after a while", async () => {
  const { vault, store, state } = setUp();
  await store.write(state, DAY);
  const old = { ...(vault.values.get("book") as Kept) };
  await store.rotate(state, DAY);
  assert.deepEqual(await store.read(), state);
  assert.equal((vault.values.get("key") as Kept).id, 2);
  // The record from before under the new key.
  const current = vault.values.get("book");
  vault.values.set("book", old);
  await assert.rejects(store.read(), isLocked);
  vault.values.set("book", current);
  await store.write(state, DAY + 89);
  assert.equal((vault.values.get("key") as Kept).id, 2);
  await store.write(state, DAY + 90);
  assert.equal((vault.values.get("key") as Kept).id, 3);
});

test("erasing throws the key away first", async () => {
  const { vault, store, state } = setUp();
  await store.write(state, DAY);
  await store.erase();
  assert.deepEqual(vault.removed, ["key"]);
  assert.equal(await store.read(), undefined);
});
