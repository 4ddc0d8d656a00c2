// Real Chromium with the built extension: `scripts/build`, then `npm test` here. No retries: a test that passes only
// sometimes shows a fault in the product or in the test, and both are worth knowing.

import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: ".",
  outputDir: "results",
  globalSetup: "./lib/global-setup.mjs",
  retries: 0,
  workers: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"], ["json", { outputFile: "results/report.json" }]],
});
