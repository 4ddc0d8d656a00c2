import assert from "node:assert/strict";
import { test } from "node:test";
import { mayUse } from "../src/background/router";
import { toWireError } from "../src/shared/errors";

const ID = "ownid";
const ORIGIN = "chrome-extension://ownid/";

test("only our own scripts may ask, and only our own pages for what is theirs", () => {
  const content = { id: ID, url: "https://page.example/" };
  const page = { id: ID, url: `${ORIGIN}options.html` };
  const stranger = { id: "otherid", url: "chrome-extension://otherid/x.html" };
  for (const tier of ["anySender", "afterStart"] as const) {
    assert.equal(mayUse(tier, content, ID, ORIGIN), true);
    assert.equal(mayUse(tier, page, ID, ORIGIN), true);
    assert.equal(mayUse(tier, stranger, ID, ORIGIN), false);
  }
  assert.equal(mayUse("ownPages", page, ID, ORIGIN), true);
  assert.equal(mayUse("ownPages", content, ID, ORIGIN), false);
  assert.equal(mayUse("ownPages", stranger, ID, ORIGIN), false);
  assert.equal(mayUse("ownPages", { id: ID }, ID, ORIGIN), false);
});

test("errors cross as data, and an unknown one keeps its text to itself", () => {
  const coded = Object.assign(new Error("The pack is damaged."), { code: "packBlobMismatch", retryable: false });
  assert.deepEqual(toWireError(coded, "other"), {
    code: "packBlobMismatch",
    message: "The pack is damaged.",
    retryable: false,
  });
  assert.deepEqual(toWireError(new Error("what the user typed"), "It failed."), {
    code: "internal",
    message: "It failed.",
    retryable: false,
  });
});
