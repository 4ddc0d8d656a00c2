// Other engines on the same weights in the same Chromium: ONNX Runtime's web build (what transformers.js runs on) and
// wllama (llama.cpp). In each round every engine has its turn, so that a slow moment of the machine hits all alike; the
// ratios are taken within a round, and their median is reported with the span of the middle half.

/// <reference path="./peers/window.d.ts" />

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { launchSotto, NO_WEBGPU, ROOT, SOFTWARE_WEBGPU } from "../e2e/lib/browser.mjs";
import { percentile } from "../e2e/lib/numbers.mjs";
import { waitForAnswer } from "../e2e/lib/typist.mjs";
import { servePages } from "../pages/server.mjs";
import { rendererMiB } from "./memory.mjs";
import { ratiosOf, row } from "./peers/report.mjs";
import { servePeers } from "./peers/server.mjs";

const MODELS = join(ROOT, ".cache/peer-models");

/** Index of a prompt in model.json, by its tokens. */
const PROMPTS = { 16: 0, 64: 1, 256: 2 };

/** New tokens of a keystroke, and those of a suggestion. */
const FRESH_TOKENS = 4;
const SUGGESTION_TOKENS = 8;

/** Suggestions of one round, for the tail of their times. */
const SUGGESTIONS = { wasm: 10, webgpu: 1 };

/**
 * `rounds` and `steps` (tokens of a decode) by what the machine bears: the software adapter takes a second for a token.
 * @typedef {{backend: "wasm" | "webgpu", args: string[], rounds: number, steps: number, prompts: (16 | 64 | 256)[]}} Course
 * @typedef {{name: string, precision: string, engine: string, file?: string, data?: string, onProcessor?: boolean}} Entry
 *   `onProcessor`: even where WebGPU is asked for, its products are computed on the processor
 * @typedef {{prefillMs: Record<string, number>, stepMs: number, suggestionMs: number, suggestionsMs: number[]}} Sample
 */

/** @type {Course[]} */
export const COURSES = [
  { backend: "wasm", args: NO_WEBGPU, rounds: 7, steps: 64, prompts: [16, 64, 256] },
  { backend: "webgpu", args: SOFTWARE_WEBGPU, rounds: 3, steps: 4, prompts: [16, 64] },
];

const OURS = { name: "Sotto", precision: "int8", engine: "sotto" };

/** @type {Entry[]} */
const PEERS = [
  { name: "onnxruntime-web f32", precision: "f32", engine: "ort", file: "f32.onnx", data: "f32.data" },
  { name: "onnxruntime-web INT8", precision: "int8", engine: "ort", file: "int8.onnx", data: "int8.data" },
  {
    name: "onnxruntime-web INT8, dynamic",
    precision: "int8",
    engine: "ort",
    file: "dynamic-int8.onnx",
    onProcessor: true,
  },
  { name: "onnxruntime-web INT4", precision: "int4", engine: "ort", file: "int4.onnx", data: "int4.data" },
  { name: "wllama Q8_0", precision: "int8", engine: "wllama", file: "model-q8_0.gguf", onProcessor: true },
  { name: "wllama Q4_0", precision: "int4", engine: "wllama", file: "model-q4_0.gguf", onProcessor: true },
];

/** @returns {string | undefined} why peers cannot be measured */
export function missing() {
  if (!existsSync(join(MODELS, "model.json")))
    return "no models for the peers; make them with: cd models && python -m recipe.peer_models --pack packs/sotto-nano --out ../.cache/peer-models";
  if (!existsSync(join(import.meta.dirname, "peers/node_modules")))
    return "the peers are not installed: scripts/bench browser --peers does it";
  return undefined;
}

/**
 * Every engine in every round of one course.
 * @param {Course} course
 * @returns {Promise<{rows: ReturnType<typeof row>[], ratios: ReturnType<typeof ratiosOf>}>}
 */
export async function measureCourse(course) {
  const server = await servePeers(MODELS);
  const sotto = await launchSotto({ args: course.args });
  try {
    await sotto.setSettings({ backend: course.backend });
    const model = JSON.parse(await readFile(join(MODELS, "model.json"), "utf8"));
    const contestants = [await ours(sotto, course)];
    for (const entry of PEERS) contestants.push(await peer(sotto, server, course, entry, model));
    for (let round = 0; round < course.rounds; round += 1) {
      for (const contestant of contestants) {
        if (contestant.failure) continue;
        try {
          contestant.samples.push(await contestant.measure());
        } catch (error) {
          contestant.failure = firstLine(error);
        }
      }
    }
    const rows = contestants.map((contestant) => row(course, contestant));
    return { rows, ratios: ratiosOf(course, contestants) };
  } finally {
    await sotto.close();
    await server.close();
  }
}

/**
 * @typedef {object} Contestant
 * @property {Entry} entry
 * @property {() => Promise<Sample>} measure
 * @property {Sample[]} samples
 * @property {{coldLoadMs: number, warmLoadMs: number, bytes: number, memoryMiB: number}} load
 * @property {string} agrees       greedy tokens that are those of the f32 reference
 * @property {string} [failure]    why it is not measured
 */

/** @param {import("../e2e/lib/browser.mjs").Sotto} sotto @param {Course} course @returns {Promise<Contestant>} */
async function ours(sotto, course) {
  // A field in focus is what loads the model.
  const pages = await servePages();
  const page = await sotto.context.newPage();
  await page.goto(`${pages.origin}/textarea.html`);
  await page.click("#field");
  await page.keyboard.type("Thank you ");
  await waitForAnswer(sotto, page, 300_000);
  await page.close();
  await pages.close();
  const status = await sotto.engineStatus();
  if (status.type !== "ready" || status.engine.backend !== course.backend)
    throw new Error(`${course.backend} did not start: ${JSON.stringify(status)}`);
  return {
    entry: OURS,
    samples: [],
    agrees: "",
    load: { coldLoadMs: status.engine.loadMs, warmLoadMs: status.engine.loadMs, bytes: 0, memoryMiB: 0 },
    measure: async () => {
      /** @type {Record<string, number>} */
      const prefillMs = {};
      let stepMs = 0;
      for (const tokens of course.prompts) {
        const measured = await sotto.measureEngine(tokens, tokens === 64 ? course.steps : 1);
        prefillMs[tokens] = measured.prefillMs;
        if (tokens === 64) stepMs = 1000 / measured.decodeTokPerS;
      }
      return withSuggestions(course, { prefillMs, stepMs }, async () => {
        const fresh = await sotto.measureEngine(FRESH_TOKENS, SUGGESTION_TOKENS - 1);
        return fresh.prefillMs + ((SUGGESTION_TOKENS - 1) / fresh.decodeTokPerS) * 1000;
      });
    },
  };
}

/**
 * @param {import("../e2e/lib/browser.mjs").Sotto} sotto
 * @param {Awaited<ReturnType<typeof servePeers>>} server
 * @param {Course} course
 * @param {Entry} entry
 * @param {{prompts: {greedyIds: number[]}[]}} model
 * @returns {Promise<Contestant>}
 */
async function peer(sotto, server, course, entry, model) {
  const page = await sotto.context.newPage();
  const gpu = course.backend === "webgpu";
  const options = { file: entry.file, data: entry.data, gpu };
  /** @type {Contestant} */
  const contestant = {
    entry,
    samples: [],
    agrees: "",
    load: { coldLoadMs: 0, warmLoadMs: 0, bytes: 0, memoryMiB: 0 },
    measure: async () => {
      /** @type {Record<string, number>} */
      const prefillMs = {};
      let stepMs = 0;
      for (const tokens of course.prompts) {
        const measured = await generate(page, PROMPTS[tokens], tokens === 64 ? course.steps : 0);
        prefillMs[tokens] = measured.prefillMs;
        if (tokens === 64) stepMs = measured.stepMs;
      }
      return withSuggestions(course, { prefillMs, stepMs }, () =>
        page.evaluate(({ prompt, fresh, steps }) => window.peer.suggest(prompt, fresh, steps), {
          prompt: PROMPTS[64],
          fresh: FRESH_TOKENS,
          steps: SUGGESTION_TOKENS,
        }),
      );
    },
  };
  try {
    const before = await rendererMiB(sotto);
    for (const kind of /** @type {const} */ (["coldLoadMs", "warmLoadMs"])) {
      server.takeBytes();
      await page.goto(`${server.origin}/page.html?engine=${entry.engine}`);
      await page.waitForFunction(() => window.peer !== undefined);
      contestant.load[kind] = await page.evaluate(async (options) => {
        const started = performance.now();
        await window.peer.load(options);
        return performance.now() - started;
      }, options);
      contestant.load.bytes = server.takeBytes();
    }
    const check = await generate(page, PROMPTS[16], gpu ? 1 : 15);
    contestant.agrees = agreement(check.ids, model.prompts[PROMPTS[16]]?.greedyIds ?? []);
    contestant.load.memoryMiB = (await rendererMiB(sotto)) - before;
  } catch (error) {
    contestant.failure = firstLine(error);
    await page.close();
  }
  return contestant;
}

/**
 * @param {Course} course
 * @param {Pick<Sample, "prefillMs" | "stepMs">} sample
 * @param {() => Promise<number>} suggest   milliseconds of one suggestion
 * @returns {Promise<Sample>}
 */
async function withSuggestions(course, sample, suggest) {
  const suggestionsMs = [];
  while (suggestionsMs.length < SUGGESTIONS[course.backend]) suggestionsMs.push(await suggest());
  return { ...sample, suggestionMs: percentile(suggestionsMs, 50), suggestionsMs };
}

/**
 * @param {Awaited<ReturnType<import("../e2e/lib/browser.mjs").Sotto["context"]["newPage"]>>} page
 * @param {number} prompt
 * @param {number} steps
 */
function generate(page, prompt, steps) {
  return page.evaluate(({ prompt, steps }) => window.peer.generate(prompt, steps), { prompt, steps });
}

/** @param {number[] | undefined} ids @param {number[]} reference */
function agreement(ids, reference) {
  if (ids === undefined) return "";
  const same = ids.findIndex((id, at) => id !== reference[at]);
  return `${same < 0 ? ids.length : same} of ${ids.length}`;
}

/** @param {unknown} error */
function firstLine(error) {
  return String(error instanceof Error ? error.message : error).split("\n")[0] ?? "";
}
