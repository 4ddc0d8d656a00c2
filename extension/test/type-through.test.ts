import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { advance } from "../src/content/type-through";

interface Case {
  ghost: string;
  typed: string;
  rest: string | null;
}

// The unit tests run in the extension's folder.
const cases: Case[] = JSON.parse(readFileSync("../tests/fixtures/type-through.json", "utf8"));

test("the cases shared with core", () => {
  assert.ok(cases.length >= 20);
  for (const { ghost, typed, rest } of cases) {
    assert.equal(advance(ghost, typed) ?? null, rest, `${JSON.stringify(ghost)} ${JSON.stringify(typed)}`);
  }
});

test("one step after the other is the same as both", () => {
  const first = advance("for your help", "for ");
  assert.equal(first, "your help");
  assert.equal(advance(first ?? "", "your"), advance("for your help", "for your"));
});
