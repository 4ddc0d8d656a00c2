import assert from "node:assert/strict";
import { test } from "node:test";
import { bestOf } from "../src/background/summarize";
import { placeNear, withinView } from "../src/card/place";
import { cutText, type TakenSelection } from "../src/shared/selection";

const view = { width: 1000, height: 800 };
const card = { width: 400, height: 200 };
const rect = (left: number, top: number) => ({ left, top, right: left + 100, bottom: top + 20 });

test("a card goes under the selection, above it where there is no room, and stays in view", () => {
  assert.deepEqual(placeNear(rect(50, 100), card, view), { left: 50, top: 128 });
  assert.deepEqual(placeNear(rect(50, 700), card, view), { left: 50, top: 492 });
  assert.deepEqual(placeNear(rect(950, 100), card, view), { left: 592, top: 128 });
  assert.deepEqual(placeNear(null, card, view), { left: 584, top: 16 });
  // A selection as high as the page: some of it has to be covered.
  assert.deepEqual(placeNear({ left: 0, top: -500, right: 900, bottom: 1500 }, card, view), { left: 8, top: 592 });
  assert.deepEqual(withinView({ left: -99, top: 9e9 }, { width: 2000, height: 2000 }, view), { left: 8, top: 8 });
});

test("a text is never cut inside a character", () => {
  assert.equal(cutText("abc", 3), "abc");
  assert.equal(cutText("ab😀", 3), "ab");
  assert.equal(cutText("ab😀c", 4), "ab😀");
});

test("of several frames the one with the focus counts, else one that has a selection", () => {
  const taken = (text: string, hasFocus = false, isSecret = false): TakenSelection => ({
    text,
    hasFocus,
    isSecret,
    isCut: false,
    rect: null,
  });
  assert.equal(bestOf([taken("page"), taken("frame", true)])?.text, "frame");
  assert.equal(bestOf([taken(""), taken("frame")])?.text, "frame");
  assert.equal(bestOf([taken("", true), taken("frame")])?.text, "frame");
  assert.equal(bestOf([taken("old"), taken("", true, true)])?.isSecret, true);
  assert.equal(bestOf([]), undefined);
});
