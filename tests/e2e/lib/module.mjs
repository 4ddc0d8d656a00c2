// Runs a WebAssembly module in a page of a real Chromium, without the extension around it.

import { readFile } from "node:fs/promises";
import { chromium } from "@playwright/test";
import { chromiumPath } from "./browser.mjs";

/**
 * Gives the exports of a module with nothing to import to `work`, in the page, and answers with what that gives.
 *
 * @template T
 * @param {string} file
 * @param {(exports: any) => T | Promise<T>} work   is sent to the page: it sees its argument and nothing else
 * @returns {Promise<T>}
 */
export async function inChromium(file, work) {
  const bytes = (await readFile(file)).toString("base64");
  // Root has no user namespaces to build a sandbox from.
  const args = [
    "--disable-gpu",
    "--disable-background-networking",
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
  const browser = await chromium.launch({ executablePath: chromiumPath(), args });
  try {
    const page = await browser.newPage();
    const script = `(async () => {
      Error.stackTraceLimit = 50;
      const bytes = Uint8Array.from(atob(${JSON.stringify(bytes)}), (char) => char.charCodeAt(0));
      const module = await WebAssembly.compile(bytes);
      const imports = {};
      for (const { module: from, name } of WebAssembly.Module.imports(module)) {
        imports[from] ??= {};
        imports[from][name] = () => { throw new Error(from + "." + name + " is not here"); };
      }
      const { exports } = await WebAssembly.instantiate(module, imports);
      return (${work})(exports);
    })()`;
    return /** @type {T} */ (await page.evaluate(script));
  } finally {
    await browser.close();
  }
}
