// Lists the files of a model pack by its own manifest, so that nothing else that lies in the folder is shipped. It does
// not verify: the wasm does that in the browser, on the bytes that it loads.
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Paths inside `packDir`, relative to it.
 * @param {string} packDir
 * @returns {Promise<string[]>}
 */
export async function packFiles(packDir) {
  let manifest;
  try {
    manifest = JSON.parse(await readFile(join(packDir, "manifest.json"), "utf8"));
  } catch (cause) {
    throw new Error(`no model pack at ${packDir} (manifest.json cannot be read)`, { cause });
  }
  const files = ["manifest.json", "manifest.sig", ...manifest.blobs.map((blob) => `blobs/${blob.sha256}`)];
  for (const file of files) {
    await access(join(packDir, file)).catch((cause) => {
      throw new Error(`the model pack at ${packDir} lacks ${file}`, { cause });
    });
  }
  return files;
}
