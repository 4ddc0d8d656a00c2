// llama.cpp on one GGUF file, one thread, no GPU: `node measure.mjs FILE MODEL_JSON` prints one line of JSON. Fed with the
// same token ids as ONNX Runtime; its tokenizer has no part in it.

import { readFile } from "node:fs/promises";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";

const RUNS = 5;
const STEPS = 32;

/** Processor time of all threads in milliseconds, for the reason that `native-host/examples/speed.rs` gives. */
const now = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
};

const [file, idsFile] = process.argv.slice(2);
const { promptIds } = JSON.parse(await readFile(idsFile, "utf8"));

// `never`: the library that came with the package, nothing is compiled or fetched.
const llama = await getLlama({
  gpu: false,
  build: "never",
  logLevel: LlamaLogLevel.error,
  maxThreads: 1,
  progressLogs: false,
});
const started = performance.now();
const model = await llama.loadModel({ modelPath: file, gpuLayers: 0, useMmap: false });
const context = await model.createContext({ contextSize: 512, threads: 1, batchSize: 128, sequences: 1 });
const loadMs = performance.now() - started;
const sequence = context.getSequence();

let prefillMs = Number.POSITIVE_INFINITY;
let decodeMs = Number.POSITIVE_INFINITY;
for (let run = 0; run < RUNS; run++) {
  await sequence.clearHistory();
  let start = now();
  await sequence.evaluateWithoutGeneratingNewTokens(promptIds);
  prefillMs = Math.min(prefillMs, now() - start);
  let steps = 0;
  start = now();
  for await (const _ of sequence.evaluate([promptIds[0]], { temperature: 0, yieldEogToken: true }))
    if (++steps >= STEPS) break;
  decodeMs = Math.min(decodeMs, now() - start);
}
const status = await readFile("/proc/self/status", "utf8");
const peakKib = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]);
console.log(
  JSON.stringify({
    loadMs,
    prefillTokPerS: (promptIds.length / prefillMs) * 1e3,
    decodeTokPerS: (STEPS / decodeMs) * 1e3,
    peakMiB: peakKib / 1024,
  }),
);
await llama.dispose();
