// Speed and memory of the host's engine, side by side with llama.cpp on the same random weights, and what native messaging
// adds to a token. One thread each, speeds per second of processor time; the two of a pair take turns, each time in a fresh
// process, and the best of all rounds counts: whatever else the machine does takes cache and memory from both. Expects the
// models of `models/recipe/bench_models.py`. `--size 30m` measures one of them, `--rounds 5` takes longer on a busy machine.

import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { cpus, endianness, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, "../..");
const MODELS = join(ROOT, ".cache/bench-models");
const SPEED = join(ROOT, "target/release/examples/speed");
const LIBRARY = join(ROOT, ".cache/onnxruntime");
const HOST = join(ROOT, "dist/host/sotto-host");
const MIB = 1024 * 1024;

/**
 * Ours, and what of llama.cpp stands beside it.
 * @type {[string, string][]}
 */
const PAIRS = [
  ["f32", "f16"],
  ["int8", "q8_0"],
  ["int4", "q4_0"],
];

/**
 * One engine on one model.
 * @typedef {{engine: string, size: string, precision: string, loadMs: number, prefillTokPerS: number,
 *   decodeTokPerS: number, peakMiB: number, weightsMiB: number}} Row
 */

async function main() {
  const { values } = parseArgs({
    options: { json: { type: "string" }, size: { type: "string" }, rounds: { type: "string" } },
  });
  const rounds = Number(values.rounds ?? 3);
  if (!values.json || !Number.isInteger(rounds) || rounds < 1) {
    console.error("usage: scripts/bench host --json FILE [--size 30m|135m] [--rounds N]");
    return 2;
  }
  /** @type {Row[]} */
  const rows = [];
  for (const size of values.size ? [values.size] : ["30m", "135m"]) {
    if (!existsSync(join(MODELS, size, "model.json"))) {
      console.error(
        `${size}: no models; make them with: cd models && python -m recipe.bench_models --out ../.cache/bench-models`,
      );
      continue;
    }
    for (const [ours, theirs] of PAIRS) {
      rows.push(...(await measurePair(size, ours, theirs, rounds)));
    }
  }
  const overWeights = rows.filter((row) => row.engine === "sotto").map((row) => row.peakMiB - row.weightsMiB);
  const report = {
    machine: cpus()[0]?.model ?? "",
    rows,
    ratios: ratios(rows),
    peakOverWeightsMiB: Math.max(...overWeights),
    wireMsPerToken: await measureWire(),
  };
  print(report);
  await mkdir(dirname(resolve(values.json)), { recursive: true });
  await writeFile(values.json, `${JSON.stringify(report, undefined, 2)}\n`);
  return 0;
}

/**
 * @param {string} size
 * @param {string} ours
 * @param {string} theirs
 * @param {number} rounds
 */
async function measurePair(size, ours, theirs, rounds) {
  const pack = await mkdtemp(join(tmpdir(), "sotto-bench-"));
  try {
    await run(SPEED, ["make", join(MODELS, size), ours, pack]);
    const [first, second] = [await measureOurs(size, ours, pack), await measureTheirs(size, theirs)];
    for (let round = 1; round < rounds; round++) {
      best(first, await measureOurs(size, ours, pack));
      best(second, await measureTheirs(size, theirs));
    }
    return [first, second];
  } finally {
    await rm(pack, { recursive: true });
  }
}

/**
 * Puts the better figures of `other` into `row`: the most memory, and of the rest the fastest.
 * @param {Row} row
 * @param {Row} other
 */
function best(row, other) {
  row.loadMs = Math.min(row.loadMs, other.loadMs);
  row.prefillTokPerS = Math.max(row.prefillTokPerS, other.prefillTokPerS);
  row.decodeTokPerS = Math.max(row.decodeTokPerS, other.decodeTokPerS);
  row.peakMiB = Math.max(row.peakMiB, other.peakMiB);
}

/**
 * @param {string} size
 * @param {string} precision
 * @param {string} pack
 * @returns {Promise<Row>}
 */
async function measureOurs(size, precision, pack) {
  const { stdout } = await run(SPEED, ["run", LIBRARY, pack, join(MODELS, size, "model.json")]);
  return { engine: "sotto", size, precision, ...JSON.parse(stdout) };
}

/**
 * @param {string} size
 * @param {string} precision
 * @returns {Promise<Row>}
 */
async function measureTheirs(size, precision) {
  const file = join(MODELS, size, `model-${precision}.gguf`);
  const script = join(import.meta.dirname, "llama/measure.mjs");
  const { stdout } = await run("node", [script, file, join(MODELS, size, "model.json")]);
  const weightsMiB = (await stat(file)).size / MIB;
  return { engine: "llama.cpp", size, precision, weightsMiB, ...JSON.parse(stdout.trim().split("\n").at(-1) ?? "") };
}

/**
 * Ours against theirs: the geometric mean over both sizes of model.
 * @param {readonly Row[]} rows
 */
function ratios(rows) {
  /** @type {(key: "decodeTokPerS" | "prefillTokPerS", ours: string, theirs: string) => number | null} */
  const mean = (key, ours, theirs) => {
    const values = ["30m", "135m"].flatMap((size) => {
      /** @type {(engine: string, precision: string) => Row | undefined} */
      const find = (engine, precision) =>
        rows.find((row) => row.engine === engine && row.size === size && row.precision === precision);
      const [a, b] = [find("sotto", ours), find("llama.cpp", theirs)];
      return a && b ? [a[key] / b[key]] : [];
    });
    return values.length ? Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length) : null;
  };
  return {
    int4DecodeVsLlamaCpp: mean("decodeTokPerS", "int4", "q4_0"),
    int8DecodeVsLlamaCpp: mean("decodeTokPerS", "int8", "q8_0"),
    prefillVsLlamaCpp: mean("prefillTokPerS", "int8", "q8_0"),
    int4PrefillVsLlamaCpp: mean("prefillTokPerS", "int4", "q4_0"),
  };
}

/** Time a token spends outside the engine: what the browser's end of the pipe sees, less what the worker measured. */
async function measureWire() {
  const home = await mkdtemp(join(tmpdir(), "sotto-bench-"));
  const { key } = JSON.parse(await readFile(join(ROOT, "manifest.json"), "utf8"));
  const host = spawn(HOST, [`chrome-extension://${await extensionId(key)}/`], {
    env: { ...process.env, SOTTO_HOME: home },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const events = readFrames(host.stdout);
  /** @param {object} message */
  const send = (message) => host.stdin.write(frame(message));
  try {
    send({ type: "hello", id: 1, protocol: 1, client: "bench" });
    await events.next();
    let best = Number.POSITIVE_INFINITY;
    for (let id = 2; id < 12; id++) {
      const start = performance.now();
      send({ type: "chat", id, messages: [{ role: "user", text: "What is a harbour?" }], page: null });
      for await (const event of events) {
        if (event.type === "error") throw new Error(event.error.message);
        if (event.type !== "done") continue;
        const { totalMs, tokens } = event.answer.timing;
        // The first one loads the model.
        if (id > 2 && tokens > 0) best = Math.min(best, (performance.now() - start - totalMs) / tokens);
        break;
      }
    }
    return best;
  } finally {
    host.stdin.end();
    await rm(home, { recursive: true, force: true });
  }
}

/** @param {string} key */
async function extensionId(key) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", Buffer.from(key, "base64")));
  /** @param {number} nibble */
  const letter = (nibble) => String.fromCharCode("a".charCodeAt(0) + nibble);
  return [...digest.subarray(0, 16)].map((byte) => letter(byte >> 4) + letter(byte & 15)).join("");
}

/** @param {object} message */
function frame(message) {
  const body = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(4);
  if (endianness() === "LE") head.writeUInt32LE(body.length);
  else head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

/**
 * Messages of a stream of frames; not ended by a `break` in the caller's loop.
 * @param {NodeJS.ReadableStream} stream
 */
function readFrames(stream) {
  async function* frames() {
    let rest = Buffer.alloc(0);
    for await (const chunk of stream) {
      rest = Buffer.concat([rest, Buffer.from(chunk)]);
      while (rest.length >= 4) {
        const length = endianness() === "LE" ? rest.readUInt32LE() : rest.readUInt32BE();
        if (rest.length < 4 + length) break;
        yield JSON.parse(rest.subarray(4, 4 + length).toString());
        rest = rest.subarray(4 + length);
      }
    }
  }
  const iterator = frames();
  return { next: () => iterator.next(), [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}

/**
 * @param {{machine: string, rows: readonly Row[], ratios: ReturnType<typeof ratios>, peakOverWeightsMiB: number,
 *   wireMsPerToken: number}} report
 */
function print(report) {
  console.log(`\n${report.machine}, one thread, processor time\n`);
  console.log("engine     size  weights     load ms  prefill tok/s  decode tok/s  peak MiB  over weights");
  for (const row of report.rows) {
    const cells = [row.loadMs.toFixed(0).padStart(8), row.prefillTokPerS.toFixed(0).padStart(14)];
    cells.push(row.decodeTokPerS.toFixed(0).padStart(13), row.peakMiB.toFixed(0).padStart(9));
    cells.push((row.peakMiB - row.weightsMiB).toFixed(0).padStart(13));
    console.log(`${row.engine.padEnd(10)} ${row.size.padEnd(5)} ${row.precision.padEnd(9)} ${cells.join(" ")}`);
  }
  const { ratios: ratio } = report;
  /** @type {[string, number | null, number, "at least" | "at most"][]} */
  const targets = [
    ["INT4 decode, times llama.cpp Q4_0", ratio.int4DecodeVsLlamaCpp, 1.1, "at least"],
    ["INT8 decode, times llama.cpp Q8_0", ratio.int8DecodeVsLlamaCpp, 1, "at least"],
    ["INT8 prefill, times llama.cpp Q8_0", ratio.prefillVsLlamaCpp, 2, "at least"],
    ["INT4 prefill, times llama.cpp Q4_0", ratio.int4PrefillVsLlamaCpp, 2, "at least"],
    ["peak memory over weights, MiB", report.peakOverWeightsMiB, 120, "at most"],
    ["native messaging per token, ms", report.wireMsPerToken, 1, "at most"],
  ];
  console.log("");
  for (const [name, value, target, kind] of targets) {
    if (value === null || !Number.isFinite(value)) continue;
    const missed = kind === "at least" ? value < target : value > target;
    console.log(`${name.padEnd(38)} ${value.toFixed(2).padStart(8)}   ${kind} ${target}${missed ? "   MISSED" : ""}`);
  }
}

process.exitCode = await main();
