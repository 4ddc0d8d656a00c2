// Speed of the decoder alone, in WebAssembly on one thread of Chromium: lm/examples/wasm_speed.rs on a random model.
//
// Each figure is the median of many runs, because other processes only ever make a run longer.

import { inChromium } from "../e2e/lib/module.mjs";

const file = process.argv[2] ?? "";
const figures = await inChromium(file, (exports) => {
  /** @param {() => void} work @param {number} times @param {number} perRun */
  const median = (work, times, perRun) => {
    const all = [];
    for (let run = 0; run < times; run++) {
      const started = performance.now();
      for (let at = 0; at < perRun; at++) work();
      all.push((performance.now() - started) / perRun);
    }
    all.sort((a, b) => a - b);
    return { median: all[times >> 1] ?? 0, best: all[0] ?? 0 };
  };
  exports.prepare();
  const started = performance.now();
  exports.load();
  /** @type {Record<string, {median: number, best: number}>} */
  const rows = { load: { median: performance.now() - started, best: performance.now() - started } };
  for (const tokens of [4, 16, 64, 256]) rows[`prefill of ${tokens}`] = median(() => exports.prefill(tokens), 15, 1);
  for (const past of [64, 256, 448]) {
    exports.prefill(past);
    rows[`token at ${past}`] = median(() => exports.step(past), 30, 8);
    rows[`token at ${past}, chosen`] = median(() => exports.choose(past), 30, 8);
  }
  return rows;
});
for (const [name, { median, best }] of Object.entries(figures)) {
  console.log(`${name.padEnd(24)} ${median.toFixed(3).padStart(9)} ms, best ${best.toFixed(3)} ms`);
}
