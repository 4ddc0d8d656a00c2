// Watches everything the browser sends that is not for this machine's own page server.
//
// The whole browser (pages, frames, service worker, offscreen page, workers, the browser itself) is started with this
// as its proxy, so nothing needs to be told apart: whatever arrives here tried to leave. It is refused and remembered.

import { createServer } from "node:http";

// What Chromium asks for by itself, with or without an extension, and no switch of it stops: account list and updater.
const BROWSERS_OWN = ["accounts.google.com", "update.googleapis.com", "clients2.google.com"];

/** @param {string} target `host:port` or a URL */
function isBrowsersOwn(target) {
  return BROWSERS_OWN.some((host) => target === `${host}:443` || target.startsWith(`http://${host}/`));
}

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
    if (!isBrowsersOwn(request.url ?? "")) seen.push(`${request.method} ${request.url}`);
    response.writeHead(502).end();
  });
  server.on("connect", (request, socket) => {
    if (!isBrowsersOwn(request.url ?? "")) seen.push(`CONNECT ${request.url}`);
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
