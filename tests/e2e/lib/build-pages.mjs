// Bundles the React editors for the test pages into dist/pages (ignored by git). Safe to run twice.
//
// The pages have no packages of their own: React is resolved from the packages of the end-to-end tests.

import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { BUILT_PAGES } from "../../pages/server.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));

/** @returns {Promise<void>} */
export async function buildPages() {
  await build({
    entryPoints: [resolve(HERE, "../../pages/react-editors.tsx")],
    outfile: join(BUILT_PAGES, "react-editors.js"),
    nodePaths: [resolve(HERE, "../node_modules")],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "warning",
  });
}
