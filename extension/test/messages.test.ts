import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

// The unit tests run in the extension's folder.
const defined = new Set(Object.keys(JSON.parse(readFileSync("_locales/en/messages.json", "utf8"))));

const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => /\.(ts|html)$/.test(file))
  .map((file) => readFileSync(join("src", file), "utf8"))
  .concat(readFileSync("../manifest.json", "utf8"))
  .join("\n");

test("every message that is named exists", () => {
  const patterns = [/\bt\(\s*"(\w+)"/g, /data-i18n="(\w+)"/g, /data-i18n-attr="[\w-]+:(\w+)"/g, /__MSG_(\w+)__/g];
  const named = patterns.flatMap((pattern) => [...sources.matchAll(pattern)].map((match) => match[1] ?? ""));
  assert.ok(named.length > 50);
  assert.deepEqual(
    named.filter((key) => !defined.has(key)),
    [],
  );
});

test("every message is named somewhere", () => {
  const unused = [...defined].filter((key) => !new RegExp(`["_:]${key}["_]`).test(sources));
  assert.deepEqual(unused, []);
});
