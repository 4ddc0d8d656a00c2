import assert from "node:assert/strict";
import { test } from "node:test";
import { cutBack, cutFront } from "../src/content/utf16";
import { BLOCK, BREAK, type Piece, visibleText } from "../src/content/visible-text";

test("cuts keep whole characters", () => {
  assert.equal(cutFront("a😀b", 2), "b");
  assert.equal(cutFront("a😀b", 3), "😀b");
  assert.equal(cutBack("a😀b", 2), "a");
  assert.equal(cutBack("a😀b", 3), "a😀");
  assert.equal(cutFront("short", 100), "short");
  assert.equal(cutBack("short", 100), "short");
});

test("lone surrogates become replacement characters", () => {
  assert.equal(cutFront("a\ud83db", 100), "a\ufffdb");
  assert.equal(cutBack("\ude00b", 100), "\ufffdb");
  assert.ok(cutFront(`${"x".repeat(3000)}\ud83d`, 2000).isWellFormed());
});

function text(...pieces: Piece[]): string {
  return visibleText(pieces, true);
}

test("blocks are lines, however deep they are nested", () => {
  assert.equal(text("Hello", BLOCK, BLOCK, "world"), "Hello\nworld");
  assert.equal(text(BLOCK, "Hello", BLOCK, BLOCK, BLOCK, "world", BLOCK), "\nHello\nworld\n");
});

test("a break that keeps an empty block open is no second line", () => {
  assert.equal(text("a", BLOCK, BLOCK, BREAK, BLOCK, BLOCK, "b"), "a\n\nb");
  assert.equal(text("a", BREAK, BLOCK, BLOCK, "b"), "a\nb");
  assert.equal(text("a", BREAK, BREAK, "b"), "a\n\nb");
});

test("white space collapses as it is drawn", () => {
  assert.equal(text("\n   Dear  ", " Anna,\n  thank"), "Dear Anna, thank");
  assert.equal(text("end ", BLOCK, " next"), "end\nnext");
  assert.equal(text("typed\u00a0"), "typed ");
  assert.equal(text("a \u00a0b"), "a  b");
  assert.equal(visibleText(["a  b\n c"], false), "a  b\n c");
});

test("marks that editors put around the caret are not text", () => {
  assert.equal(text("\ufeff", "a\u200bb"), "ab");
});
