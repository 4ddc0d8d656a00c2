// llama.cpp in the browser, one thread. Its own clock, inside its worker, is taken for prefill and decode: nothing of the
// way there and back counts against it. A suggestion is timed from outside, as its user would wait for it.

/** @type {any} */
let engine;
/** @type {{prompts: {ids: number[], text: string}[]}} */
let model;
let run = 0;

/** @param {{file: string, gpu: boolean}} options @returns {Promise<void>} */
export async function load({ file, gpu }) {
  const { Wllama } = await import("/modules/@wllama/wllama/esm/index.js");
  engine = new Wllama(
    { default: "/modules/@wllama/wllama/esm/wasm/wllama.wasm" },
    { suppressNativeLog: true, skipVersionCheck: true },
  );
  model = await (await fetch("/models/model.json")).json();
  const blob = await (await fetch(`/models/${file}`)).blob();
  await engine.loadModel([blob], {
    n_ctx: 512,
    n_batch: 512,
    n_ubatch: 512,
    n_threads: 1,
    n_parallel: 1,
    n_gpu_layers: gpu ? 99 : 0,
    warmup: false,
    seed: 1,
  });
  if (gpu && !engine.isSupportWebGPU()) throw new Error("wllama sees no WebGPU here");
}

/** @param {string} prompt @param {number} tokens */
function complete(prompt, tokens) {
  return engine.createCompletion({ prompt, max_tokens: tokens, temperature: 0, cache_prompt: true });
}

/**
 * @param {number} prompt index in model.json
 * @param {number} steps
 * @returns {Promise<{prefillMs: number, stepMs: number, text: string}>} `prefillMs` for as many tokens as the prompt has
 */
export async function generate(prompt, steps) {
  const { ids, text } = model.prompts[prompt] ?? { ids: [], text: "" };
  // Another beginning each time, or the prompt of the run before would be found in the cache.
  run += 1;
  const { timings, choices } = await complete(`${run}) ${text}`, steps + 1);
  if (timings === undefined) throw new Error("wllama gives no timings");
  return {
    prefillMs: (timings.prompt_ms / timings.prompt_n) * ids.length,
    stepMs: timings.predicted_ms / timings.predicted_n,
    text: choices[0]?.text ?? "",
  };
}

/** A suggestion: `fresh` new tokens after the prompt, then `steps` more. @param {number} prompt @param {number} fresh @param {number} steps */
export async function suggest(prompt, fresh, steps) {
  const { text } = model.prompts[prompt] ?? { text: "" };
  run += 1;
  const words = `${run}) ${text}`.split(" ");
  await complete(words.slice(0, -fresh).join(" "), 1);
  const started = performance.now();
  await complete(words.join(" "), steps);
  return performance.now() - started;
}
