// Serves tests/pages on the loopback interface for the demo, the end-to-end tests and the benchmark.
//
// No dependencies. It answers only GET and HEAD for files below tests/pages (and the bundled React editors below
// dist/pages), keeps a list of what was asked for, and never reads a request body: what a page types must not be able
// to end up here unnoticed, so a request with a body is refused and remembered.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join, normalize, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const PAGES = dirname(fileURLToPath(import.meta.url));

/** Where pages/build.mjs writes the bundle of the React editors. */
export const BUILT_PAGES = resolve(PAGES, "../../dist/pages");

const TYPES = new Map([
  [".html", "text/html; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
  [".css", "text/css; charset=utf-8"],
  [".svg", "image/svg+xml"],
]);

/**
 * @typedef {object} PageServer
 * @property {number} port
 * @property {string} origin            `http://localhost:PORT`
 * @property {string} otherOrigin       `http://127.0.0.1:PORT`, another origin for the browser
 * @property {{method: string, path: string, origin: string | undefined}[]} requests  everything that was asked for
 * @property {() => Promise<void>} close
 */

/** @param {string} path @returns {string | undefined} the file to send, never one outside the two folders */
function fileFor(path) {
  const name = normalize(decodeURIComponent(path === "/" ? "/index.html" : path));
  const base = name.startsWith("/built/") ? BUILT_PAGES : PAGES;
  const file = join(base, name.startsWith("/built/") ? name.slice("/built/".length) : name);
  return file.startsWith(base + sep) && TYPES.has(extname(file)) ? file : undefined;
}

/**
 * @param {{port?: number}} [options] port 0 (the default) takes a free one
 * @returns {Promise<PageServer>}
 */
export async function servePages(options = {}) {
  /** @type {PageServer["requests"]} */
  const requests = [];
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    requests.push({ method: request.method ?? "", path, origin: request.headers.origin });
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405).end();
      return;
    }
    if (path === "/favicon.ico") {
      response.writeHead(204).end();
      return;
    }
    const file = fileFor(path);
    const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
    if (file === undefined || !found?.isFile()) {
      response.writeHead(404, { "content-type": "text/plain" }).end("not found");
      return;
    }
    response.writeHead(200, {
      "content-type": TYPES.get(extname(file)),
      "content-length": found.size,
      "cache-control": "no-store",
    });
    createReadStream(file).pipe(response);
  });
  await new Promise((done, failed) => {
    server.once("error", failed);
    server.listen(options.port ?? 0, "127.0.0.1", () => done(undefined));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the page server has no port");
  return {
    port: address.port,
    origin: `http://localhost:${address.port}`,
    otherOrigin: `http://127.0.0.1:${address.port}`,
    requests,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
