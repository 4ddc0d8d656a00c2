import assert from "node:assert/strict";
import { test } from "node:test";
import { KeptWriting, keptPart } from "../src/content/kept-writing";
import { MAX_KEPT_UTF16, MIN_KEPT_UTF16 } from "../src/shared/protocol";

const SENTENCE = "What the user wrote in a field is about as long as this.";

function setUp(keeps = true) {
  const sent: string[] = [];
  const kept = new KeptWriting((text) => sent.push(text));
  kept.setKeeps(keeps);
  const field = {};
  let reads = 0;
  const leave = (text: string | null = SENTENCE) =>
    kept.left(field, () => {
      reads += 1;
      return text ?? undefined;
    });
  return { kept, field, sent, leave, reads: () => reads };
}

test("what was typed is told when the field is left, once", () => {
  const { kept, field, sent, leave } = setUp();
  kept.typed(field, "insertText");
  leave();
  leave();
  assert.deepEqual(sent, [SENTENCE]);
});

test("a field that nobody typed into is not even read", () => {
  const { kept, field, sent, leave, reads } = setUp();
  leave();
  for (const type of ["insertFromPaste", "insertFromDrop", "deleteContentBackward", "historyUndo", "formatBold"]) {
    kept.typed(field, type);
    leave();
  }
  kept.typed({}, "insertText");
  leave();
  assert.deepEqual([sent, reads()], [[], 0]);
});

test("while it is off nothing is read, and what was written until then stays unread afterwards", () => {
  const { kept, field, sent, leave, reads } = setUp(false);
  kept.typed(field, "insertText");
  leave();
  kept.setKeeps(true);
  leave();
  kept.typed(field, "insertText");
  kept.setKeeps(false);
  leave();
  assert.deepEqual([sent, reads()], [[], 0]);
});

test("a field that may not be read, or holds too little, gives nothing", () => {
  const { kept, field, sent, leave } = setUp();
  for (const text of [null, "", "Yes.", " ".repeat(100), "x".repeat(MIN_KEPT_UTF16 - 1)]) {
    kept.typed(field, "insertText");
    leave(text);
  }
  assert.deepEqual(sent, []);
});

test("a text that is the same as before is not told again, and one that went on is", () => {
  const { kept, field, sent, leave } = setUp();
  for (const text of [SENTENCE, SENTENCE, `${SENTENCE} And more.`]) {
    kept.typed(field, "insertCompositionText");
    leave(text);
  }
  assert.deepEqual(sent, [SENTENCE, `${SENTENCE} And more.`]);
});

test("of a long text the end is kept, from a word on and with whole characters", () => {
  const words = "word ".repeat(MAX_KEPT_UTF16).trim();
  const part = keptPart(words) ?? "";
  assert.ok(part.length <= MAX_KEPT_UTF16 && part.length > MAX_KEPT_UTF16 - 10);
  assert.ok(part.startsWith("word ") && words.endsWith(part));
  const exact = `${"a".repeat(20)} ${"b".repeat(MAX_KEPT_UTF16)}`;
  assert.equal(keptPart(exact), "b".repeat(MAX_KEPT_UTF16));
  const faces = keptPart("😀".repeat(MAX_KEPT_UTF16)) ?? "";
  assert.ok(faces.isWellFormed() && faces.length <= MAX_KEPT_UTF16);
  assert.equal(keptPart(`  ${SENTENCE}\n`), SENTENCE);
  assert.ok(keptPart(`${"\ud83d"}${SENTENCE}`)?.isWellFormed());
});
