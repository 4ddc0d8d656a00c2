// Reads an adapter from the host, chunk by chunk: each has its hash, and all of them together a bound that is known before
// the second is asked for. Whether it fits the model, the wasm says.

import { SottoError, wireError } from "../../shared/errors";
import { PACK_CHUNK_BYTES } from "../../shared/protocol";
import { askHost, misbehaved } from "../assist/ask-host";
import type { AssistTier } from "../assist/tier";
import { fromBase64, sha256Hex } from "../packs/bytes";

/** Most bytes of an adapter. Those of the model that ships have a few hundred KiB. */
export const MAX_ADAPTER_BYTES = 4 * 2 ** 20;

const MAX_CHUNKS = MAX_ADAPTER_BYTES / PACK_CHUNK_BYTES;

/** Throws `SottoError`. */
export async function readAdapter(host: AssistTier, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let chunks = 1;
  for (let index = 0; index < chunks; index += 1) {
    const event = await askHost(host, { type: "personal", id: 0, task: { type: "readAdapter", name, index } });
    if (event.type !== "personal" || event.answer.type !== "adapter") throw misbehaved();
    const { chunk, chunks: total } = event.answer;
    if (chunk.index !== index || total === 0 || (index > 0 && total !== chunks)) throw misbehaved();
    if (total > MAX_CHUNKS) throw tooLong();
    chunks = total;
    const bytes = fromBase64(chunk.data);
    if (!bytes) throw misbehaved();
    const isFull = bytes.length === PACK_CHUNK_BYTES;
    const isLastPart = index === chunks - 1 && bytes.length > 0 && bytes.length < PACK_CHUNK_BYTES;
    if ((!isFull && !isLastPart) || (await sha256Hex(bytes)) !== chunk.sha256) {
      throw new SottoError(wireError("adapterInvalid", "A part of the adapter was damaged on its way.", true));
    }
    parts.push(bytes);
  }
  return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function tooLong(): SottoError {
  return new SottoError(wireError("tooLarge", "The adapter is larger than any that this extension would use."));
}
