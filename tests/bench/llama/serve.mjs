// An OpenAI-compatible endpoint on this device: llama.cpp on one GGUF file, behind the one call that Sotto's host makes.
//
//     node serve.mjs MODEL.gguf [PORT]
//
// Prints `{"port": N}` once it listens, on 127.0.0.1 only. Streams `POST /v1/chat/completions`; answers one request after
// the other, greedily, so that the same request has the same answer. With `SOTTO_API_KEY` it wants that key.

import { createServer } from "node:http";
import { getLlama, LlamaChat, LlamaLogLevel, resolveChatWrapper } from "node-llama-cpp";

/** Positions of a request and its answer. More than the model was trained with: what is beyond is worse, not an error. */
const CONTEXT_TOKENS = 4096;

/** Longest request, in bytes: the host's largest frame. */
const MAX_BODY_BYTES = 1 << 20;

const [file, port = "0"] = process.argv.slice(2);
const key = process.env.SOTTO_API_KEY;

// `never`: the library that came with the package, nothing is compiled or fetched.
const llama = await getLlama({
  gpu: false,
  build: "never",
  logLevel: LlamaLogLevel.error,
  maxThreads: 1,
  progressLogs: false,
});
const model = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
const context = await model.createContext({ contextSize: CONTEXT_TOKENS, threads: 1, sequences: 1 });
const sequence = context.getSequence();
const chatWrapper = resolveChatWrapper(model);
let queue = Promise.resolve();

const server = createServer((request, response) => {
  queue = queue.then(() => serve(request, response)).catch(() => response.destroy());
});
server.listen(Number(port), "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));

async function serve(request, response) {
  if (request.method !== "POST" || request.url !== "/v1/chat/completions") return refuse(response, 404);
  if (key && request.headers.authorization !== `Bearer ${key}`) return refuse(response, 401);
  const body = await read(request);
  if (!Array.isArray(body?.messages) || body.stream !== true) return refuse(response, 400);
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  const send = (event) => response.write(`data: ${JSON.stringify(event)}\n\n`);
  const chunk = (delta, finish_reason = null) =>
    send({ object: "chat.completion.chunk", model: body.model, choices: [{ index: 0, delta, finish_reason }] });
  const gone = new AbortController();
  response.on("close", () => gone.abort());

  await sequence.clearHistory();
  const chat = new LlamaChat({ contextSequence: sequence, chatWrapper });
  const before = sequence.tokenMeter.getState();
  chunk({ role: "assistant", content: "" });
  const { metadata } = await chat.generateResponse(history(body.messages), {
    maxTokens: body.max_tokens ?? body.max_completion_tokens,
    temperature: 0,
    signal: gone.signal,
    stopOnAbortSignal: true,
    onTextChunk: (content) => chunk({ content }),
  });
  chat.dispose({ disposeSequence: false });
  chunk({}, metadata.stopReason === "maxTokens" ? "length" : "stop");
  const used = sequence.tokenMeter.diff(before);
  send({
    object: "chat.completion.chunk",
    choices: [],
    usage: { prompt_tokens: used.usedInputTokens, completion_tokens: used.usedOutputTokens },
  });
  response.end("data: [DONE]\n\n");
}

/** The messages as llama.cpp's binding has them, with room for the answer behind them. */
function history(messages) {
  const turns = messages.map(({ role, content }) => {
    if (role === "assistant") return { type: "model", response: [content] };
    return { type: role === "system" ? "system" : "user", text: content };
  });
  return [...turns, { type: "model", response: [] }];
}

async function read(request) {
  const pieces = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) return null;
    pieces.push(piece);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString("utf8"));
  } catch {
    return null;
  }
}

function refuse(response, status) {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ error: { message: `status ${status}` } }));
}
