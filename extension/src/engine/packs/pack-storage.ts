// Model packs that the host handed over, in the private file system of this extension's origin (OPFS). Nothing here is
// trusted: what is read back is verified like any other pack.
//
//     packs/state.json                      which version is in use, and which one was refused, and why
//     packs/<version>/manifest.json, manifest.sig
//     packs/<version>/<sha256>/<n>          chunk n of the file with this hash
//
// Each chunk is a file of its own, because a file comes into being whole or not at all: after a kill at any moment, what is
// there is complete, and the rest is asked for again.

import type { WireError } from "../../shared/protocol";
import { record } from "../../shared/unread";

export interface PackState {
  /** The version to load; null: the one that came with the extension. */
  active: number | null;
  /** What could not be used. */
  refused: { version: number; error: WireError } | null;
}

const FOLDER = "packs";
const STATE = "state.json";
const NOTHING: PackState = { active: null, refused: null };

/** Larger than any real one. */
const MAX_STATE_BYTES = 4096;

export class PackStorage {
  readonly #root: FileSystemDirectoryHandle;

  private constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  /** Throws where the browser gives no storage. */
  static async open(): Promise<PackStorage> {
    const origin = await navigator.storage.getDirectory();
    return new PackStorage(await origin.getDirectoryHandle(FOLDER, { create: true }));
  }

  async state(): Promise<PackState> {
    try {
      const bytes = await this.#read(await this.#root.getFileHandle(STATE), MAX_STATE_BYTES);
      return parseState(JSON.parse(new TextDecoder().decode(bytes)));
    } catch {
      return NOTHING;
    }
  }

  async setState(state: PackState): Promise<void> {
    await write(this.#root, STATE, new TextEncoder().encode(JSON.stringify(state)));
  }

  /** `manifest.json` or `manifest.sig`; nothing if it is not there. At most one byte more than `mostBytes`. */
  async file(version: number, name: string, mostBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return found(async () => this.#read(await (await this.#pack(version)).getFileHandle(name), mostBytes));
  }

  async putFile(version: number, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await write(await this.#pack(version, true), name, bytes);
  }

  /** Whether chunk `index` of a file is there in full. */
  async hasChunk(version: number, sha256: string, index: number, bytes: number): Promise<boolean> {
    const size = await found(async () => (await (await this.#chunk(version, sha256, index)).getFile()).size);
    return size === bytes;
  }

  async putChunk(version: number, sha256: string, index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const folder = await (await this.#pack(version, true)).getDirectoryHandle(sha256, { create: true });
    await write(folder, String(index), bytes);
  }

  /**
   * A file, put together; nothing if none of it was stored, which is how a file that came with the extension looks. Chunks
   * that are missing in the middle leave it short, and its hash wrong.
   */
  async blob(version: number, sha256: string, mostBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const folder = await found(async () => (await this.#pack(version)).getDirectoryHandle(sha256));
    if (!folder) return undefined;
    const bytes = new Uint8Array(mostBytes + 1);
    let length = 0;
    for (let index = 0; length <= mostBytes; index += 1) {
      const chunk = await found(async () => folder.getFileHandle(String(index)));
      if (!chunk) break;
      const part = await this.#read(chunk, mostBytes - length);
      bytes.set(part, length);
      length += part.length;
    }
    return bytes.subarray(0, length);
  }

  /** Removes every pack but one, or all of them. */
  async removeOthers(kept: number | null): Promise<void> {
    const names: string[] = [];
    for await (const name of this.#root.keys()) names.push(name);
    const old = names.filter((name) => name !== STATE && name !== String(kept));
    await Promise.all(old.map((name) => this.#root.removeEntry(name, { recursive: true }).catch(() => undefined)));
  }

  #pack(version: number, create = false): Promise<FileSystemDirectoryHandle> {
    return this.#root.getDirectoryHandle(String(version), { create });
  }

  async #chunk(version: number, sha256: string, index: number): Promise<FileSystemFileHandle> {
    return (await (await this.#pack(version)).getDirectoryHandle(sha256)).getFileHandle(String(index));
  }

  /** One byte more than `mostBytes` of a file that is longer: whoever checks it sees that it is too long. */
  async #read(handle: FileSystemFileHandle, mostBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const file = await handle.getFile();
    return new Uint8Array(await file.slice(0, mostBytes + 1).arrayBuffer());
  }
}

/** All or nothing: the browser puts the file in its place when it is closed. */
async function write(folder: FileSystemDirectoryHandle, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const handle = await folder.getFileHandle(name, { create: true });
  const stream = await handle.createWritable();
  try {
    await stream.write(bytes);
    await stream.close();
  } catch (error) {
    await stream.abort().catch(() => undefined);
    throw error;
  }
}

/** Nothing where a file or folder is not there; every other error is one. */
async function found<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof DOMException && (error.name === "NotFoundError" || error.name === "TypeMismatchError")) {
      return undefined;
    }
    throw error;
  }
}

function parseState(raw: unknown): PackState {
  const { active, refused } = record(raw);
  const { version, error } = record(refused);
  const isVersion = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
  const why = record(error);
  const isRefused = isVersion(version) && typeof why.code === "string" && typeof why.message === "string";
  return {
    active: isVersion(active) ? active : null,
    refused: isRefused ? { version, error: error as WireError } : null,
  };
}
