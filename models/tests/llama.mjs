// llama.cpp on GGUF files: `node llama.mjs FOLDER < REQUEST`, FOLDER being one with node_modules/node-llama-cpp.
// Request: {"files": [path], "prompt": [id], "count": n, "texts": [string]}. Answer, one line a file:
// {"greedy": [id], "ids": [[id]]}: what follows the prompt, and the tokens of the texts.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const entry = join(resolve(process.argv[2]), "node_modules/node-llama-cpp/dist/index.js");
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry).href);
const { files, prompt, count, texts } = JSON.parse(readFileSync(0, "utf8"));
const llama = await getLlama({
  gpu: false,
  build: "never",
  logLevel: LlamaLogLevel.error,
  maxThreads: 1,
  progressLogs: false,
});
for (const file of files) {
  const model = await llama.loadModel({ modelPath: file, gpuLayers: 0, useMmap: false });
  const context = await model.createContext({ contextSize: 256, threads: 1, sequences: 1 });
  const greedy = [];
  for await (const token of context.getSequence().evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    greedy.push(token);
    if (greedy.length >= count) break;
  }
  console.log(JSON.stringify({ greedy, ids: texts.map((text) => model.tokenize(text, true)) }));
  await context.dispose();
  await model.dispose();
}
await llama.dispose();
