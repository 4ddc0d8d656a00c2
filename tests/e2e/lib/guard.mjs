// Watches everything the browser sends that is not for this machine's own page server.
//
// The whole browser (pages, frames, service worker, offscreen page, workers, the browser itself) is started with this
// as its proxy, so nothing needs to be told apart: whatever arrives here tried to leave. It is refused and remembered.
// browser.mjs switches off what Chromium asks for by itself (updates, accounts, a dictionary); no host is excepted here.

import { createServer } from "node:http";

/**
 * @typedef {object} NetworkGuard
 * @property {string[]} seen    what tried to leave, as `METHOD host`
 * @property {string[]} args    command line of a browser that is watched
 * @property {() => Promise<void>} close
 */

/** @returns {Promise<NetworkGuard>} */
export async function startGuard() {
  /** @type {string[]} */
  const seen = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.writeHead(502).end();
  });
  server.on("connect", (request, socket) => {
    seen.push(`CONNECT ${request.url}`);
    socket.end("HTTP/1.1 502 Refused\r\n\r\n");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the network guard has no port");
  return {
    seen,
    args: [`--proxy-server=http://127.0.0.1:${address.port}`, "--proxy-bypass-list=localhost;127.0.0.1"],
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
