// Runs once before all tests: bundles the React pages and says clearly what is missing.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromiumPath, DEMO, SHIPPED } from "./browser.mjs";
import { buildPages } from "./build-pages.mjs";

export default async function globalSetup() {
  for (const folder of [DEMO, SHIPPED]) {
    if (!existsSync(join(folder, "manifest.json"))) throw new Error(`no extension in ${folder}: run scripts/build`);
  }
  if (!existsSync(chromiumPath()))
    throw new Error(`no Chromium at ${chromiumPath()}: run scripts/setup or set SOTTO_CHROMIUM`);
  await buildPages();
}
