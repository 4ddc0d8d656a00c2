// The rules that the extension and the host share, in the wasm as it ships: the same decisions as core's own tests expect,
// and the same redaction. In a real browser: Node does not know every instruction of this wasm.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { test as base, expect } from "./fixtures";

interface Rules {
  default(options: { module_or_path: string }): Promise<unknown>;
  decideRoute(inputJson: string): string;
  previewRedaction(inputJson: string): string;
}

declare global {
  interface Window {
    rules?: Rules;
  }
}

const ROOT = new URL("../../", import.meta.url);
const GOLDEN = new URL("tests/fixtures/routing/golden.jsonl", ROOT);
const FILES = ["sotto_wasm.js", "sotto_wasm_bg.wasm"];

/** A page with the rules. */
const test = base.extend<{ rules: Page }>({
  rules: async ({ sotto, pages }, use) => {
    const page = await sotto.context.newPage();
    const folder = `${pages.origin}/wasm-rules/`;
    await page.route(`${folder}*`, async (route) => {
      const name = FILES.find((file) => route.request().url() === `${folder}${file}`);
      if (name) await route.fulfill({ path: fileURLToPath(new URL(`extension/src/wasm/${name}`, ROOT)) });
      else await route.fulfill({ contentType: "text/html", body: "<!doctype html>" });
    });
    await page.goto(folder);
    await page.evaluate(
      async ([glue = "", module_or_path = ""]) => {
        const rules: Rules = await import(glue);
        await rules.default({ module_or_path });
        window.rules = rules;
      },
      FILES.map((name) => `${folder}${name}`),
    );
    await use(page);
    await page.close();
  },
});

test("every golden decision is the same in wasm", async ({ rules }) => {
  const lines = (await readFile(GOLDEN, "utf8")).trimEnd().split("\n");
  expect(lines.length).toBeGreaterThanOrEqual(150);
  const cases = lines.map((line) => JSON.parse(line));
  const decided = await rules.evaluate(
    (inputs) => inputs.map((input) => JSON.parse(window.rules?.decideRoute(JSON.stringify(input)) ?? "")),
    cases.map(({ input }) => input),
  );
  for (const [index, { name, expected }] of cases.entries()) expect(decided[index], name).toEqual(expected);
  const refused = rules.evaluate(() => window.rules?.decideRoute("{}"));
  await expect(refused).rejects.toThrow("Unknown route request.");
});

test("the extension sees what the host would hide", async ({ rules }) => {
  const input = {
    task: { type: "summarize", text: "Bluebird: write to ada@example.org, not to bob@example.org.", length: "short" },
    ownTerms: [{ kind: "other", text: "Bluebird" }],
    edits: { lifted: ["bob@example.org"], added: [] },
  };
  const json = await rules.evaluate((input) => window.rules?.previewRedaction(JSON.stringify(input)) ?? "", input);
  const { task, replacements } = JSON.parse(json);
  expect(task.text).toBe("[PRIVATE_1]: write to [EMAIL_1], not to bob@example.org.");
  expect(replacements.map((one: { original: string }) => one.original)).toEqual(["Bluebird", "ada@example.org"]);
});
