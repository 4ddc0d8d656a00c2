// Speed of the decoder alone, in WebAssembly on one thread of Chromium: lm/examples/wasm_speed.rs on a random model.
//
// Each figure is the median of many runs, because other processes only ever make a run longer.

import { inChromium } from "../e2e/lib/module.mjs";

const file = process.argv[2] ?? "";
const { rows, slower } = await inChromium(file, (exports) => {
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
  /** @type {Record<string, number>} */
  const slower = {};
  for (const tokens of [4, 16, 64, 256]) rows[`prefill of ${tokens}`] = median(() => exports.prefill(tokens), 15, 1);
  for (const past of [64, 256, 448]) {
    exports.prefill(past);
    rows[`token at ${past}`] = median(() => exports.step(past), 30, 8);
    rows[`token at ${past}, chosen`] = median(() => exports.choose(past), 30, 8);
  }
  // In pairs that take turns at coming first, since whatever else the machine does should meet both.
  const tokenTime = (/** @type {boolean} */ isAdapted, /** @type {(past: number) => void} */ work) => {
    exports.adapt(isAdapted);
    exports.prefill(16);
    const started = performance.now();
    for (let at = 0; at < 16; at++) work(16);
    return performance.now() - started;
  };
  for (const [name, work] of Object.entries({ token: exports.step, "token, chosen": exports.choose })) {
    const ratios = [];
    for (let pair = 0; pair < 101; pair++) {
      const isAdaptedFirst = pair % 2 === 1;
      const first = tokenTime(isAdaptedFirst, work);
      const second = tokenTime(!isAdaptedFirst, work);
      ratios.push(isAdaptedFirst ? first / second : second / first);
    }
    ratios.sort((a, b) => a - b);
    slower[name] = (ratios[ratios.length >> 1] ?? Number.NaN) - 1;
  }
  return { rows, slower };
});
for (const [name, { median, best }] of Object.entries(rows)) {
  console.log(`${name.padEnd(24)} ${median.toFixed(3).padStart(9)} ms, best ${best.toFixed(3)} ms`);
}
for (const [name, ratio] of Object.entries(slower)) {
  console.log(`${name} with an adapter: ${(100 * ratio).toFixed(1)} % longer`);
}
