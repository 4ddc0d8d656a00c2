// The rules that the extension and the host share, in the wasm as it ships: the same decisions as core's own tests expect,
// and the same redaction. Needs no browser.

import { readFile } from "node:fs/promises";
import { expect, test } from "@playwright/test";

interface Rules {
  default(options: { module_or_path: Buffer }): Promise<unknown>;
  decideRoute(inputJson: string): string;
  previewRedaction(inputJson: string): string;
}

const ROOT = new URL("../../", import.meta.url);
const GOLDEN = new URL("tests/fixtures/routing/golden.jsonl", ROOT);

async function rules(): Promise<Rules> {
  const glue: Rules = await import(new URL("extension/src/wasm/sotto_wasm.js", ROOT).href);
  await glue.default({ module_or_path: await readFile(new URL("extension/src/wasm/sotto_wasm_bg.wasm", ROOT)) });
  return glue;
}

test("every golden decision is the same in wasm", async () => {
  const { decideRoute } = await rules();
  const lines = (await readFile(GOLDEN, "utf8")).trimEnd().split("\n");
  expect(lines.length).toBeGreaterThanOrEqual(150);
  for (const line of lines) {
    const { name, input, expected } = JSON.parse(line);
    expect(JSON.parse(decideRoute(JSON.stringify(input))), name).toEqual(expected);
  }
  expect(() => decideRoute("{}")).toThrow("Unknown route request.");
});

test("the extension sees what the host would hide", async () => {
  const { previewRedaction } = await rules();
  const input = {
    task: { type: "summarize", text: "Bluebird: write to ada@example.org, not to bob@example.org.", length: "short" },
    ownTerms: [{ kind: "other", text: "Bluebird" }],
    edits: { lifted: ["bob@example.org"], added: [] },
  };
  const { task, replacements } = JSON.parse(previewRedaction(JSON.stringify(input)));
  expect(task.text).toBe("[PRIVATE_1]: write to [EMAIL_1], not to bob@example.org.");
  expect(replacements.map((one: { original: string }) => one.original)).toEqual(["Bluebird", "ada@example.org"]);
});
