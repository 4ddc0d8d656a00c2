// The page of the docs that shows the peers: a table and a plot of what one run measured.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** @typedef {ReturnType<typeof import("./report.mjs").row>} Row */
/** @typedef {{backend: string, rows: Row[], ratios: ReturnType<typeof import("./report.mjs").ratiosOf>}} Result */

const TITLES = /** @type {Record<string, string>} */ ({
  wasm: "WebAssembly, one thread",
  webgpu: "WebGPU on a software adapter (SwiftShader)",
});

/** What has to be known to read a table. */
const NOTES = /** @type {Record<string, string[]>} */ ({
  webgpu: [
    "wllama is as fast here as without a GPU: to judge by that, its layers stay on the processor. onnxruntime-web has no GPU kernel",
    "for the integer products of its dynamic INT8 models, which go to the processor, too. Neither says anything about WebGPU: the",
    "ratios below leave both out.",
    "",
  ],
});

/**
 * Writes `speed.md` and `speed.svg`.
 * @param {string} folder
 * @param {{cpu: string, cores: number}} machine
 * @param {Result[]} results
 */
export async function writeDocument(folder, machine, results) {
  await mkdir(folder, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const parts = [
    "# Speed beside other engines",
    "",
    "<!-- Written by `scripts/bench browser --peers --docs --json FILE`. Edits are lost. -->",
    "",
    `One Chromium on ${machine.cpu}, ${machine.cores} cores, ${date}. All engines run the weights of our pack, in turns, on one thread;`,
    "medians over the rounds. `8 tokens` is what a suggestion takes after four typed tokens. Memory of a peer is what its page adds",
    "to the browser. transformers.js runs on onnxruntime-web; its tokenizer and its loop would come on top.",
    "",
    "![Time for a suggestion of eight tokens](speed.svg)",
    "",
  ];
  for (const { backend, rows, ratios } of results) {
    parts.push(
      `## ${TITLES[backend] ?? backend}`,
      "",
      ...(NOTES[backend] ?? []),
      ...table(rows),
      "",
      ...sentences(ratios),
      "",
    );
  }
  await writeFile(join(folder, "speed.md"), `${parts.join("\n").trimEnd()}\n`);
  await writeFile(join(folder, "speed.svg"), plot(results[0]?.rows ?? []));
}

/** @param {Row[]} rows */
function table(rows) {
  const lines = [
    "| engine | tokens/s | prefill 16 / 64 / 256, ms | 8 tokens p50 / p95 / p99, ms | load cold / warm, ms | memory, MiB | fetched, MB |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
  ];
  for (const row of rows) {
    if (row.failure) {
      lines.push(`| ${row.name} | not measured: ${row.failure.replaceAll("|", "/")} | | | | | |`);
      continue;
    }
    const prefill = [row.prefill16Ms, row.prefill64Ms, row.prefill256Ms].map(short).join(" / ");
    const load = `${short(row.loadMs)} / ${short(row.warmLoadMs)}`;
    const suggestion = [row.suggestionMs, row.suggestionP95Ms, row.suggestionP99Ms].map(short).join(" / ");
    const cells = [row.name, short(row.decodeTokPerS), prefill, suggestion, load];
    lines.push(`| ${[...cells, short(row.memoryMiB), short(row.bytes / 1e6)].join(" | ")} |`);
  }
  return lines;
}

/** @param {Result["ratios"]} ratios */
function sentences(ratios) {
  return Object.entries(ratios).map(([name, { samePrecision, anyPrecision }]) => {
    const times = (/** @type {typeof samePrecision} */ ratio) =>
      `${ratio.median.toFixed(2)}x (middle half of ${ratio.rounds} rounds: ${ratio.low.toFixed(2)}-${ratio.high.toFixed(2)})`;
    return `- ${name}: ${times(samePrecision)} the fastest peer of the same precision, ${times(anyPrecision)} the fastest of any.`;
  });
}

/** @param {number} value 0 where nothing was measured */
function short(value) {
  return value === 0 ? "-" : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** Bars, the shorter the better. @param {Row[]} rows */
function plot(rows) {
  const shown = rows.filter((row) => !row.failure && row.suggestionMs > 0);
  const [width, label, bar, gap] = [760, 220, 20, 8];
  const longest = Math.max(...shown.map((row) => row.suggestionMs), 1);
  const bars = shown.map((row, at) => {
    const y = 30 + at * (bar + gap);
    const length = (row.suggestionMs / longest) * (width - label - 90);
    const colour = row.name === "Sotto" ? "#2f7d6b" : "#9aa5b1";
    return [
      `<text x="${label - 8}" y="${y + 15}" text-anchor="end">${row.name}</text>`,
      `<rect x="${label}" y="${y}" width="${length.toFixed(1)}" height="${bar}" fill="${colour}"/>`,
      `<text x="${(label + length + 6).toFixed(1)}" y="${y + 15}">${short(row.suggestionMs)} ms</text>`,
    ].join("");
  });
  const height = 30 + shown.length * (bar + gap) + 6;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${label}" y="18" font-weight="bold">A suggestion of eight tokens, WebAssembly, one thread: less is better</text>`,
    ...bars,
    "</svg>\n",
  ].join("\n");
}
