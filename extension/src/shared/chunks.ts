// Something larger than a message, chunk by chunk: each has its number and its sum, and all of them together a bound that is
// known before the second is asked for.

import { fromBase64, sha256Hex, toBase64 } from "./bytes";
import { SottoError, wireError } from "./errors";
import { PACK_CHUNK_BYTES, type PackChunk } from "./protocol";

export interface Part {
  chunk: PackChunk;
  /** How many there are. */
  chunks: number;
}

/** What is said when it goes wrong. */
export interface ChunkErrors {
  misbehaved(): SottoError;
  damaged(): SottoError;
  tooLong(): SottoError;
}

/** Asks for all chunks, in order. Throws `SottoError`. */
export async function readChunks(
  read: (index: number) => Promise<Part>,
  maxBytes: number,
  errors: ChunkErrors,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let count = 1;
  for (let index = 0; index < count; index += 1) {
    const { chunk, chunks } = await read(index);
    if (chunk.index !== index || chunks === 0 || (index > 0 && chunks !== count)) throw errors.misbehaved();
    if (chunks > maxBytes / PACK_CHUNK_BYTES) throw errors.tooLong();
    count = chunks;
    const bytes = fromBase64(chunk.data);
    if (!bytes) throw errors.misbehaved();
    const isFull = bytes.length === PACK_CHUNK_BYTES;
    const isLastPart = index === count - 1 && bytes.length > 0 && bytes.length < PACK_CHUNK_BYTES;
    if ((!isFull && !isLastPart) || (await sha256Hex(bytes)) !== chunk.sha256) throw errors.damaged();
    parts.push(bytes);
  }
  return parts;
}

/** Gives all chunks away, in order. */
export async function writeChunks(whole: Blob, write: (part: Part) => Promise<unknown>): Promise<void> {
  const chunks = Math.ceil(whole.size / PACK_CHUNK_BYTES);
  if (chunks === 0) throw new SottoError(wireError("badRequest", "The file is empty."));
  for (let index = 0; index < chunks; index += 1) {
    const slice = whole.slice(index * PACK_CHUNK_BYTES, (index + 1) * PACK_CHUNK_BYTES);
    const bytes = new Uint8Array(await slice.arrayBuffer());
    await write({ chunk: { index, sha256: await sha256Hex(bytes), data: toBase64(bytes) }, chunks });
  }
}
