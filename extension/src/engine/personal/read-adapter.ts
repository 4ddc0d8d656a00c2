// Reads an adapter from the host, chunk by chunk. Whether it fits the model, the wasm says.

import { readChunks } from "../../shared/chunks";
import { SottoError, wireError } from "../../shared/errors";
import { askHost, misbehaved } from "../assist/ask-host";
import type { AssistTier } from "../assist/tier";

/** Most bytes of an adapter. Those of the model that ships have a few hundred KiB. */
export const MAX_ADAPTER_BYTES = 4 * 2 ** 20;

/** Throws `SottoError`. */
export async function readAdapter(host: AssistTier, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const read = async (index: number) => {
    const event = await askHost(host, { type: "personal", id: 0, task: { type: "readAdapter", name, index } });
    if (event.type !== "personal" || event.answer.type !== "adapter") throw misbehaved();
    return event.answer;
  };
  return joined(await readChunks(read, MAX_ADAPTER_BYTES, { misbehaved, damaged, tooLong }));
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

function damaged(): SottoError {
  return new SottoError(wireError("adapterInvalid", "A part of the adapter was damaged on its way.", true));
}

function tooLong(): SottoError {
  return new SottoError(wireError("tooLarge", "The adapter is larger than any that this extension would use."));
}
