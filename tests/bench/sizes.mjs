// Bytes that a user downloads.

import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { ROOT, SHIPPED } from "../e2e/lib/browser.mjs";

/** @param {string} folder @returns {Promise<string[]>} names of the files below it, sorted, with `/` */
async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .sort();
}

/** @returns {Promise<{wasmRaw: number, wasmGzip: number, packageZip: number, pack: number}>} in bytes */
export async function packageSizes() {
  const wasm = await readFile(join(SHIPPED, "sotto_wasm_bg.wasm"));
  await promisify(execFile)(process.execPath, [join(ROOT, "extension/scripts/package.mjs")]);
  const pack = join(SHIPPED, "models/sotto-nano");
  const packBytes = await Promise.all(
    (await filesBelow(pack)).map(async (name) => (await stat(join(pack, name))).size),
  );
  return {
    wasmRaw: wasm.length,
    wasmGzip: gzipSync(wasm, { level: 9 }).length,
    packageZip: (await stat(join(ROOT, "dist/sotto-chromium.zip"))).size,
    pack: packBytes.reduce((sum, bytes) => sum + bytes, 0),
  };
}
