// Reads a model pack: the one that ships inside the extension, or a newer one that the host handed over. The wasm verifies
// the signature before it says which blobs there are, and each blob before it keeps it; nothing here decides what is trusted.

import type { Engine, PackLoader } from "sotto-wasm";
import { SottoError, wireError } from "../../shared/errors";
import type { Backend } from "../../shared/protocol";
import type { PackStorage } from "../packs/pack-storage";

const PACK = "models/sotto-nano";

/** More than the wasm takes; the sizes of blobs are in the manifest, which is verified. */
const MAX_MANIFEST_BYTES = 64 * 1024;

/** Read at a time. */
const PIECE_BYTES = 256 * 1024;

/** The bytes of a file of a pack, at most one more than `mostBytes`: the wasm refuses what is longer than it may be. */
export type PackSource = (file: string, mostBytes: number) => Promise<Uint8Array<ArrayBuffer>>;

/** A pack that was read and verified. */
export class Pack {
  readonly #loader: PackLoader;
  readonly #buffers: ArrayBuffer[];
  #loading: Promise<unknown> = Promise.resolve();

  constructor(loader: PackLoader, buffers: ArrayBuffer[]) {
    this.#loader = loader;
    this.#buffers = buffers;
  }

  load(backend: Backend): Promise<Engine> {
    const engine = this.#loader.load(backend);
    this.#loading = Promise.allSettled([this.#loading, engine]);
    return engine;
  }

  /** Gives its memory back when nothing is loaded from it; the collector would let megabytes lie for minutes. */
  async free(): Promise<void> {
    await this.#loading;
    this.#loader.free();
    for (const buffer of this.#buffers) buffer.transfer(0);
  }
}

/** Reads manifest and blobs. Throws `SottoError`, and what the loader throws. */
export async function readPack(
  source: PackSource,
  makeLoader: (manifest: Uint8Array, signature: Uint8Array) => PackLoader,
): Promise<Pack> {
  const [manifest, signature] = await Promise.all([
    source("manifest.json", MAX_MANIFEST_BYTES),
    source("manifest.sig", MAX_MANIFEST_BYTES),
  ]);
  const loader = makeLoader(manifest, signature);
  const blobs = JSON.parse(loader.blobs()) as { role: string; sha256: string; bytes: number }[];
  const buffers: ArrayBuffer[] = [];
  for (const blob of blobs) {
    const bytes = await source(`blobs/${blob.sha256}`, blob.bytes);
    loader.add(blob.role, bytes);
    buffers.push(bytes.buffer);
  }
  return new Pack(loader, buffers);
}

/** Version of the pack that ships inside the extension. */
export async function packagedVersion(): Promise<number> {
  const bytes = await packaged("manifest.json", MAX_MANIFEST_BYTES);
  return Number(JSON.parse(new TextDecoder().decode(bytes)).version);
}

/** A pack that the host handed over. What it has in common with the packaged one was not stored twice. */
export function stored(storage: PackStorage, version: number): PackSource {
  return async (file, mostBytes) => {
    const sha256 = file.startsWith("blobs/") ? file.slice("blobs/".length) : undefined;
    if (sha256 === undefined) {
      const bytes = await storage.file(version, file, mostBytes);
      if (!bytes) throw missing();
      return bytes;
    }
    return (await storage.blob(version, sha256, mostBytes)) ?? packaged(file, mostBytes);
  };
}

/**
 * The pack that ships. The bytes go through one small buffer into an array that is JavaScript's alone: what `arrayBuffer()`
 * returns also belongs to the document, and lives until that is collected.
 */
export async function packaged(file: string, mostBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(new URL(`${PACK}/${file}`, self.location.origin));
  } catch (cause) {
    throw missing(cause);
  }
  if (!response.ok || !response.body) throw missing();
  const bytes = new Uint8Array(mostBytes + 1);
  const reader = response.body.getReader({ mode: "byob" });
  let piece = new Uint8Array(PIECE_BYTES);
  for (let length = 0; ; ) {
    const { done, value } = await reader.read(piece).catch((cause) => Promise.reject(missing(cause)));
    if (done || !value) return bytes.subarray(0, length);
    const room = bytes.length - length;
    bytes.set(value.subarray(0, room), length);
    if (value.length >= room) {
      await reader.cancel();
      return bytes;
    }
    length += value.length;
    piece = new Uint8Array(value.buffer);
  }
}

function missing(cause?: unknown): SottoError {
  return new SottoError(wireError("packBlobMissing", "A part of the language model is missing. Install Sotto again."), {
    cause,
  });
}
