// What the rounds of the peers amount to: rows of medians, ratios, a table.

import { percentile } from "../../e2e/lib/numbers.mjs";

/**
 * @typedef {import("../peers.mjs").Course} Course
 * @typedef {import("../peers.mjs").Contestant} Contestant
 * @typedef {import("../peers.mjs").Sample} Sample
 */

/** What ours is held against first: peers with weights as precise. */
const OUR_PRECISION = "int8";

/** @param {Course} course @param {Contestant} contestant */
export function row(course, { entry, samples, load, agrees, failure }) {
  const median = (/** @type {(sample: Sample) => number} */ pick) => percentile(samples.map(pick), 50);
  const stepMs = median((sample) => sample.stepMs);
  const all = samples.flatMap((sample) => sample.suggestionsMs);
  return {
    name: entry.name,
    backend: course.backend,
    precision: entry.precision,
    decodeTokPerS: stepMs > 0 ? 1000 / stepMs : 0,
    prefill16Ms: median((sample) => sample.prefillMs[16] ?? 0),
    prefill64Ms: median((sample) => sample.prefillMs[64] ?? 0),
    prefill256Ms: median((sample) => sample.prefillMs[256] ?? 0),
    suggestionMs: percentile(all, 50),
    suggestionP95Ms: percentile(all, 95),
    suggestionP99Ms: percentile(all, 99),
    loadMs: load.coldLoadMs,
    warmLoadMs: load.warmLoadMs,
    memoryMiB: load.memoryMiB,
    bytes: load.bytes,
    greedyAgreement: agrees,
    ...(failure ? { failure } : {}),
  };
}

/**
 * Ours against the fastest peer of the same precision, and of any, round by round. On WebGPU only those count that compute
 * there.
 * @param {Course} course
 * @param {Contestant[]} contestants
 */
export function ratiosOf(course, [own, ...all]) {
  const peers = all.filter((peer) => course.backend === "wasm" || !peer.entry.onProcessor);
  const ratio = (/** @type {(sample: Sample) => number} */ pick, /** @type {boolean} */ any) => {
    const chosen = peers.filter((peer) => peer.samples.length > 0 && (any || peer.entry.precision === OUR_PRECISION));
    const all = (own?.samples ?? []).flatMap((sample, round) => {
      const theirs = chosen.flatMap((peer) => (peer.samples[round] ? [pick(peer.samples[round])] : []));
      return theirs.length > 0 ? [Math.min(...theirs) / pick(sample)] : [];
    });
    return { median: percentile(all, 50), low: percentile(all, 25), high: percentile(all, 75), rounds: all.length };
  };
  const both = (/** @type {(sample: Sample) => number} */ pick) => ({
    samePrecision: ratio(pick, false),
    anyPrecision: ratio(pick, true),
  });
  return {
    decode: both((sample) => sample.stepMs),
    prefill: both((sample) => sample.prefillMs[64] ?? 0),
    suggestion: both((sample) => sample.suggestionMs),
  };
}

/**
 * Puts a course into the report of the whole bench: its engines after ours, its ratios under the names of their targets.
 * @param {any} report
 * @param {string} backend
 * @param {ReturnType<typeof row>[]} rows
 * @param {ReturnType<typeof ratiosOf>} ratios
 */
export function addPeers(report, backend, rows, ratios) {
  const [own, ...peers] = rows;
  report.engines.push(...peers);
  report.courses = { ...report.courses, [backend]: { ours: own, ratios } };
  report.ratios = {
    ...report.ratios,
    [`${backend}DecodeVsBestPeer`]: ratios.decode.samePrecision.median,
    [`${backend}PrefillVsBestPeer`]: ratios.prefill.samePrecision.median,
  };
}

/** @param {ReturnType<typeof row>[]} rows @param {ReturnType<typeof ratiosOf>} ratios */
export function printCourse(rows, ratios) {
  const digits = (/** @type {number} */ value) =>
    value === 0 ? "-" : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
  const head = `engine, ${rows[0]?.backend}`;
  console.log(
    `\n${head.padEnd(32)}  tok/s  pre 16  pre 64  pre 256  8 tokens    cold    warm     MiB  MB fetched  greedy`,
  );
  for (const row of rows) {
    if (row.failure) {
      console.log(`${row.name.padEnd(32)}  not measured: ${row.failure}`);
      continue;
    }
    const cells = [
      [row.decodeTokPerS, 7],
      [row.prefill16Ms, 8],
      [row.prefill64Ms, 8],
      [row.prefill256Ms, 9],
      [row.suggestionMs, 10],
      [row.loadMs, 8],
      [row.warmLoadMs, 8],
      [row.memoryMiB, 8],
      [row.bytes / 1e6, 12],
    ].map(([value, width]) => digits(value ?? 0).padStart(width ?? 0));
    console.log(`${row.name.padEnd(32)}${cells.join("")}  ${row.greedyAgreement}`);
  }
  for (const [name, { samePrecision, anyPrecision }] of Object.entries(ratios)) {
    const text = (/** @type {typeof samePrecision} */ r) =>
      `${r.median.toFixed(2)}x (${r.low.toFixed(2)}-${r.high.toFixed(2)}, ${r.rounds} rounds)`;
    console.log(
      `${name}: ${text(samePrecision)} of the fastest INT8 peer, ${text(anyPrecision)} of the fastest of any precision`,
    );
  }
}
