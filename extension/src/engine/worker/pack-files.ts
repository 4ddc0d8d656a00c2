// Reads the model pack that ships inside the extension. The wasm verifies the signature before it says which blobs there
// are, and each blob before it keeps it; nothing here decides what is trusted.

import type { PackLoader } from "sotto-wasm";
import { SottoError, wireError } from "../../shared/errors";

const PACK = "models/sotto-nano";

/** Larger than any pack that ships; a longer answer is not read. */
const MAX_BLOB_BYTES = 256 * 1024 * 1024;

/** Reads manifest and blobs. Throws `SottoError`, and what the loader throws. */
export async function readPack(
  makeLoader: (manifest: Uint8Array, signature: Uint8Array) => PackLoader,
): Promise<PackLoader> {
  const [manifest, signature] = await Promise.all([read("manifest.json"), read("manifest.sig")]);
  const loader = makeLoader(manifest, signature);
  const blobs = JSON.parse(loader.blobs()) as { role: string; sha256: string; bytes: number }[];
  for (const blob of blobs) loader.add(blob.role, await read(`blobs/${blob.sha256}`));
  return loader;
}

async function read(file: string): Promise<Uint8Array> {
  const missing = (cause?: unknown) =>
    new SottoError(wireError("packBlobMissing", "A part of the language model is missing. Install Sotto again."), {
      cause,
    });
  let response: Response;
  try {
    response = await fetch(new URL(`${PACK}/${file}`, self.location.origin));
  } catch (cause) {
    throw missing(cause);
  }
  if (!response.ok) throw missing();
  if (Number(response.headers.get("content-length") ?? 0) > MAX_BLOB_BYTES) {
    throw new SottoError(wireError("tooLarge", "A part of the language model is larger than any that ships."));
  }
  return new Uint8Array(await response.arrayBuffer());
}
