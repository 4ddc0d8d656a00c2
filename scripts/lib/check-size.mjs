// Size budgets of what users download. A budget that no longer fits is a decision, not an edit: see ARCHITECTURE.md.

import { readFileSync, readdirSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { join } from "node:path";

const MIB = 1 << 20;

/** Total size of the files below `folder`, in bytes. */
function folderBytes(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
}

const budgets = [
  ["wasm, gzip", () => gzipSync(readFileSync("dist/chromium/sotto_wasm_bg.wasm"), { level: 9 }).length, 6 * MIB],
  ["package, zip", () => statSync("dist/sotto-chromium.zip").size, 30 * MIB],
  ["pack sotto-nano", () => folderBytes("models/packs/sotto-nano"), 20 * MIB],
  ["pack sotto-nano-onnx", () => folderBytes("models/packs/sotto-nano-onnx"), 25 * MIB],
  ["content script", () => statSync("dist/chromium/content.js").size, 100 * 1024],
];

let over = 0;
for (const [name, measure, budget] of budgets) {
  const bytes = measure();
  const verdict = bytes <= budget ? "ok" : "OVER";
  if (bytes > budget) over += 1;
  console.log(`${name.padEnd(21)} ${(bytes / MIB).toFixed(2).padStart(7)} MiB of ${(budget / MIB).toFixed(2)}  ${verdict}`);
}
process.exit(over === 0 ? 0 : 1);
