// Where phrases are kept: one record in IndexedDB, sealed with AES-GCM. **The key cannot be taken out of the browser's key
// store**; throwing it away makes noise of whatever a backup or a worn-out disk still holds. What does not open is an error that says so,
// and nothing is deleted by it.

import { SottoError, wireError } from "../../shared/errors";
import { webOrigin } from "../../shared/sites";
import { isId, record } from "../../shared/unread";
import type { BookState, Phrase } from "./phrase-book";

/** A place for two values that are written together. */
export interface Vault {
  get(name: string): Promise<unknown>;
  /** All of them or none. */
  put(values: Record<string, unknown>): Promise<void>;
  /** Removes all of it, `first` before anything else. */
  destroy(first: string): Promise<void>;
}

/** Of AES-GCM, as recommended. */
const NONCE_BYTES = 12;

/** Days after which the key is changed. */
const ROTATE_DAYS = 90;

interface HeldKey {
  id: number;
  day: number;
  key: CryptoKey;
}

interface Sealed {
  keyId: number;
  nonce: Uint8Array<ArrayBuffer>;
  data: ArrayBuffer;
}

export class PhraseStore {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** What is kept; undefined for nothing. Throws `SottoError` if it does not open. */
  async read(): Promise<BookState | undefined> {
    const [sealed, held] = [await this.#vault.get("book"), await this.#key()];
    if (sealed === undefined) return undefined;
    if (!isSealed(sealed) || held?.id !== sealed.keyId) throw locked();
    let plain: ArrayBuffer;
    try {
      plain = await crypto.subtle.decrypt(algorithm(sealed), held.key, sealed.data);
    } catch {
      throw locked();
    }
    const state = bookState(JSON.parse(new TextDecoder().decode(plain)));
    if (!state) throw locked();
    return state;
  }

  /** Seals and keeps; under a new key where there is none or the old one has had its time. */
  async write(state: BookState, day: number): Promise<void> {
    const old = await this.#key();
    const isFresh = old && day - old.day < ROTATE_DAYS;
    await this.#seal(state, isFresh ? old : await newKey((old?.id ?? 0) + 1, day));
  }

  /** Seals everything with a new key; the old one is gone with the same step. */
  async rotate(state: BookState, day: number): Promise<void> {
    await this.#seal(state, await newKey(((await this.#key())?.id ?? 0) + 1, day));
  }

  /** The key first: from then on what is kept is noise. */
  async erase(): Promise<void> {
    await this.#vault.destroy("key");
  }

  async #key(): Promise<HeldKey | undefined> {
    const held = record(await this.#vault.get("key"));
    const { id, day, key } = held;
    return isId(id) && isId(day) && key instanceof CryptoKey ? { id, day, key } : undefined;
  }

  async #seal(state: BookState, held: HeldKey): Promise<void> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const plain = new TextEncoder().encode(JSON.stringify(state));
    const data = await crypto.subtle.encrypt(algorithm({ keyId: held.id, nonce }), held.key, plain);
    await this.#vault.put({ key: held, book: { keyId: held.id, nonce, data } satisfies Sealed });
  }
}

/** Bound to what it is, and to the number of its key. */
function algorithm({ keyId, nonce }: Pick<Sealed, "keyId" | "nonce">): AesGcmParams {
  return { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(`sotto-phrases-1 ${keyId}`) };
}

async function newKey(id: number, day: number): Promise<HeldKey> {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  return { id, day, key };
}

function isSealed(value: unknown): value is Sealed {
  const { keyId, nonce, data } = record(value);
  return isId(keyId) && nonce instanceof Uint8Array && data instanceof ArrayBuffer;
}

function bookState(value: unknown): BookState | undefined {
  const { format, sites, phrases } = record(value);
  if (format !== 1 || !Array.isArray(sites) || !Array.isArray(phrases)) return undefined;
  if (!sites.every((site) => typeof site === "string" && webOrigin(site) === site)) return undefined;
  return phrases.every(isPhrase) ? { format, sites, phrases } : undefined;
}

function isPhrase(value: unknown): value is Phrase {
  const { number, text, site, times, day } = record(value);
  return [number, times, day].every(isId) && typeof text === "string" && typeof site === "string";
}

function locked(): SottoError {
  const text =
    "Your phrases do not open: they were altered, or their key is gone. Nothing was deleted; you can erase them.";
  return new SottoError(wireError("personalLocked", text));
}
