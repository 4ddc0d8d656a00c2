// An endpoint on this machine with the API of OpenAI, played by the test: it remembers what it was asked, byte for byte, and
// answers a word at a time. **What it was asked is everything that ever reached it.**

import { createServer } from "node:http";

/**
 * @typedef {object} Asked
 * @property {string} method
 * @property {string} path
 * @property {string} body
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {boolean} cut   the other side hung up before the answer's end
 */

/**
 * @typedef {object} Endpoint
 * @property {string} url               where its API begins
 * @property {Asked[]} asked
 * @property {() => number} connections  that were ever made
 * @property {() => void} hold          answers stop after their first words until `release`
 * @property {() => void} release
 * @property {() => Promise<void>} close
 */

/**
 * @param {(body: any) => string[]} [words] of an answer; what comes between is one chunk each
 * @returns {Promise<Endpoint>}
 */
export async function startEndpoint(words = echo) {
  /** @type {Asked[]} */
  const asked = [];
  let connections = 0;
  let isHeld = false;
  /** @type {(() => void)[]} */
  const waiting = [];

  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString("utf8");
    /** @type {Asked} */
    const one = { method: request.method ?? "", path: request.url ?? "", body, headers: request.headers, cut: false };
    asked.push(one);
    response.on("close", () => {
      one.cut = !response.writableFinished;
    });
    response.writeHead(200, { "content-type": "text/event-stream" });
    const say = (/** @type {object} */ event) => response.write(`data: ${JSON.stringify(event)}\n\n`);
    const [first = "", ...rest] = words(JSON.parse(body));
    say({ choices: [{ delta: { content: first } }] });
    if (isHeld) await new Promise((done) => waiting.push(() => done(undefined)));
    for (const word of rest) say({ choices: [{ delta: { content: word } }] });
    say({ choices: [{ delta: {}, finish_reason: "stop" }], usage: { prompt_tokens: 9, completion_tokens: 9 } });
    response.end("data: [DONE]\n\n");
  });
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the endpoint has no port");
  const release = () => {
    isHeld = false;
    for (const one of waiting.splice(0)) one();
  };
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    asked,
    connections: () => connections,
    hold: () => {
      isHeld = true;
    },
    release,
    close: () =>
      new Promise((done) => {
        release();
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

/** Every placeholder of the last message, in a sentence. @param {any} body */
function echo(body) {
  const last = body.messages.at(-1).content;
  const placeholders = [...new Set(last.match(/\[[A-Z_]+_\d+\]/g) ?? [])];
  return [
    "From ",
    "afar: ",
    ...placeholders.flatMap((name) => [name.slice(0, 3), `${name.slice(3)} `]),
    "that is all.",
  ];
}
