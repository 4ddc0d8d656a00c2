// ONNX Runtime in the browser, one thread: what transformers.js runs on, without its tokenizer and its loop around it.
// Past keys and values go in as long as they are and come back one longer, as in transformers.js; on WebGPU they stay there.

/** @type {any} */
let ort;
/** @type {any} */
let session;
/** @type {{layers: number, kvHeads: number, headDim: number, vocab: number, prompts: {ids: number[]}[]}} */
let model;
let onGpu = false;

/** @type {Record<string, any>} */
let cache = {};
let length = 0;

/** @param {{file: string, data?: string, gpu: boolean}} options @returns {Promise<void>} */
export async function load({ file, data, gpu }) {
  const folder = "/modules/onnxruntime-web/dist/";
  ort = await import(`${folder}${gpu ? "ort.webgpu.min.mjs" : "ort.wasm.min.mjs"}`);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = folder;
  ort.env.logLevel = "error";
  onGpu = gpu;
  model = await (await fetch("/models/model.json")).json();
  /** @type {Record<string, string>} */
  const outputs = { logits: "cpu" };
  for (const name of cacheNames("present")) outputs[name] = gpu ? "gpu-buffer" : "cpu";
  session = await ort.InferenceSession.create(`/models/${file}`, {
    executionProviders: [gpu ? "webgpu" : "wasm"],
    graphOptimizationLevel: "all",
    preferredOutputLocation: outputs,
    ...(data ? { externalData: [{ path: data, data: `/models/${data}` }] } : {}),
  });
}

/** @param {string} kind */
function cacheNames(kind) {
  return Array.from({ length: model.layers }, (_, layer) => [`${kind}.${layer}.key`, `${kind}.${layer}.value`]).flat();
}

function forget() {
  for (const tensor of Object.values(cache)) tensor.dispose();
  cache = {};
  for (const name of cacheNames("past_key_values")) {
    cache[name] = new ort.Tensor("float32", new Float32Array(0), [1, model.kvHeads, 0, model.headDim]);
  }
  length = 0;
}

/** @param {number[]} ids @returns {Promise<number>} the likeliest next token */
async function feed(ids) {
  const total = length + ids.length;
  const outputs = await session.run({
    ...cache,
    input_ids: new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]),
    attention_mask: new ort.Tensor("int64", new BigInt64Array(total).fill(1n), [1, total]),
  });
  for (const name of Object.keys(cache)) {
    if (onGpu) cache[name].dispose();
    cache[name] = outputs[name.replace("past_key_values", "present")];
  }
  length = total;
  const logits = outputs.logits.data.subarray(-model.vocab);
  let best = 0;
  for (let id = 1; id < logits.length; id += 1) if (logits[id] > logits[best]) best = id;
  return best;
}

/**
 * @param {number} prompt index in model.json
 * @param {number} steps
 * @returns {Promise<{prefillMs: number, stepMs: number, ids: number[]}>}
 */
export async function generate(prompt, steps) {
  forget();
  let started = performance.now();
  let next = await feed(model.prompts[prompt]?.ids ?? []);
  const prefillMs = performance.now() - started;
  const ids = [next];
  started = performance.now();
  for (let step = 0; step < steps; step += 1) {
    next = await feed([next]);
    ids.push(next);
  }
  return { prefillMs, stepMs: steps > 0 ? (performance.now() - started) / steps : 0, ids };
}

/** A suggestion: `fresh` new tokens after the prompt, then `steps` more. @param {number} prompt @param {number} fresh @param {number} steps */
export async function suggest(prompt, fresh, steps) {
  forget();
  const ids = model.prompts[prompt]?.ids ?? [];
  await feed(ids.slice(0, -fresh));
  const started = performance.now();
  let next = await feed(ids.slice(-fresh));
  for (let step = 1; step < steps; step += 1) next = await feed([next]);
  return performance.now() - started;
}
