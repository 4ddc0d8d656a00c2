// Runs a Rust test program for wasm32 in Chromium: what cargo calls with the program's path.
//
// The program has no console: a test that fails stops it, and the stack says which one it was.

import { inChromium } from "../e2e/lib/module.mjs";

const file = process.argv[2] ?? "";
try {
  const code = await inChromium(file, (exports) => exports.main(0, 0));
  console.log(code === 0 ? "passed in Chromium" : `failed in Chromium: ${code}`);
  process.exitCode = code === 0 ? 0 : 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
