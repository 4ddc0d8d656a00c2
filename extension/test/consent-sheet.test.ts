import assert from "node:assert/strict";
import { test } from "node:test";
import { Edits } from "../src/consent/edits";
import { Guard, type GuardWindow, SEEN_MS } from "../src/consent/guard";
import { markedParts } from "../src/consent/marked";
import { isConsentRequest } from "../src/shared/consent-messages";
import { MAX_EDITS } from "../src/shared/protocol";
import { QUESTION } from "./fake-tier";
import { pick, seeded } from "./random";

function setUp() {
  let inFront = true;
  let changed: () => void = () => undefined;
  let timer: { callback: () => void } | undefined;
  const window: GuardWindow = {
    isInFront: () => inFront,
    onChange: (callback) => {
      changed = callback;
    },
    setTimer: (callback, ms) => {
      assert.equal(ms, SEEN_MS);
      timer = { callback };
      return timer;
    },
    clearTimer: (cleared) => {
      if (cleared === timer) timer = undefined;
    },
  };
  const guard = new Guard(window, () => undefined);
  return {
    guard,
    real: () => guard.accepts({ isTrusted: true }),
    made: () => guard.accepts({ isTrusted: false }),
    /** The time has passed. */
    seen: () => timer?.callback(),
    put: (front: boolean) => {
      inFront = front;
      changed();
    },
  };
}

test("a yes counts only after the question has been seen, and only from a person", () => {
  const { guard, real, made, seen } = setUp();
  assert.equal(real(), false, "no question");
  guard.asked(true);
  assert.equal(real(), false, "too early");
  seen();
  assert.equal(real(), true);
  assert.equal(made(), false, "a click that a script made");
  guard.asked(true);
  assert.equal(real(), false, "another question begins anew");
  seen();
  guard.asked(false);
  assert.equal(real(), false);
});

test("a window that comes over the sheet and goes again starts the time anew", () => {
  const { guard, real, seen, put } = setUp();
  guard.asked(true);
  seen();
  put(false);
  assert.equal(real(), false);
  seen();
  assert.equal(real(), false, "behind another window no time passes");
  put(true);
  assert.equal(real(), false, "just uncovered");
  seen();
  assert.equal(real(), true);
});

test("the marked payload is the payload, byte for byte", () => {
  const random = seeded(5);
  const pieces = ["[PERSON_1]", "[PERSON_10]", "Anna", "\\n", '\\"', "x", "[", "]", " ", "😀", "a.b", "\\u0000"];
  for (let round = 0; round < 2_000; round += 1) {
    const payload = Array.from({ length: 20 }, () => pick(random, pieces)).join("");
    const parts = markedParts(payload, ["[PERSON_1]", "[PERSON_10]"], ["Anna", "a.b", '"', ""]);
    assert.equal(parts.map(({ text }) => text).join(""), payload);
  }
});

test("placeholders and what was let through are marked, and nothing else", () => {
  const parts = markedParts('"[PERSON_10] [PERSON_1] a\\"b axb"', ["[PERSON_1]", "[PERSON_10]"], ['a"b']);
  assert.deepEqual(
    parts.filter(({ mark }) => mark).map(({ text, mark }) => `${mark} ${text}`),
    ["replaced [PERSON_10]", "replaced [PERSON_1]", 'lifted a\\"b'],
  );
});

test("edits: lifting, lowering and adding are each other's opposite", () => {
  const edits = new Edits();
  edits.lift("Anna");
  edits.lift("Anna");
  assert.equal(edits.add(" Falcon "), true);
  assert.deepEqual(edits.value, { lifted: ["Anna"], added: ["Falcon"] });
  edits.lift("Falcon");
  assert.deepEqual(edits.value, { lifted: ["Anna"], added: [] }, "what was added is only not hidden any more");
  assert.equal(edits.add("Anna"), true);
  assert.deepEqual(edits.value, { lifted: [], added: ["Anna"] });
  assert.equal(edits.add("   "), false);
  for (let index = 0; index < 2 * MAX_EDITS; index += 1) edits.add(`text ${index}`);
  assert.equal(edits.value.added.length, MAX_EDITS);
});

test("a question that lacks something is none", () => {
  assert.equal(isConsentRequest(QUESTION), true);
  for (const name of Object.keys(QUESTION)) {
    const { [name as "nonce"]: _, ...rest } = QUESTION;
    assert.equal(isConsentRequest(rest), false, name);
  }
  assert.equal(isConsentRequest({ ...QUESTION, replacements: [{ placeholder: "[X]" }] }), false);
  assert.equal(isConsentRequest({ ...QUESTION, endpoint: { name: "x" } }), false);
});
