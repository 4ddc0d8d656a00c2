// Serves the peers' modules, their models and our page to a browser on this machine, and counts what it serves.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, resolve, sep } from "node:path";

const HERE = import.meta.dirname;

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/**
 * @param {string} models folder of `recipe.peer_models`
 * @returns {Promise<{origin: string, takeBytes: () => number, close: () => Promise<void>}>} `takeBytes`: since the last call
 */
export async function servePeers(models) {
  const roots = { "/models/": resolve(models), "/modules/": join(HERE, "node_modules"), "/": HERE };
  let bytes = 0;
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const [prefix, root] = Object.entries(roots).find(([prefix]) => path.startsWith(prefix)) ?? ["/", HERE];
    const file = resolve(root, path.slice(prefix.length));
    const info = file.startsWith(root + sep) ? await stat(file).catch(() => undefined) : undefined;
    if (!info?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    bytes += info.size;
    response.writeHead(200, {
      "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
      "Content-Length": info.size,
    });
    createReadStream(file).pipe(response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server of the peers has no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    takeBytes: () => {
      const taken = bytes;
      bytes = 0;
      return taken;
    },
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
