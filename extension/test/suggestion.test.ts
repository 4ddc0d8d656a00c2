import assert from "node:assert/strict";
import { test } from "node:test";
import { firstWord, isLastWord, remaining, type Suggestion } from "../src/content/suggestion";

const suggestion: Suggestion = { before: "Thank you for ", after: "", text: "your help" };
const at = (before: string, after = "") => ({ before, after });

test("typing what is suggested consumes it", () => {
  assert.equal(remaining(suggestion, at("Thank you for ")), "your help");
  assert.equal(remaining(suggestion, at("Thank you for yo")), "ur help");
  assert.equal(remaining(suggestion, at("Thank you for your help")), "");
});

test("anything else makes it stale", () => {
  assert.equal(remaining(suggestion, at("Thank you for m")), undefined);
  assert.equal(remaining(suggestion, at("Thank you for your helpx")), undefined);
  assert.equal(remaining(suggestion, at("Thank you fo")), undefined);
  assert.equal(remaining(suggestion, at("Thank you for ", "!")), undefined);
  assert.equal(remaining(suggestion, at("thank you for ")), undefined);
});

test("backspace leads back to it", () => {
  const typed = remaining(suggestion, at("Thank you for you"));
  assert.equal(typed, "r help");
  assert.equal(remaining(suggestion, at("Thank you for yo")), "ur help");
});

test("a full window that slides along is still the same text", () => {
  const long = "word ".repeat(500);
  const before = long.slice(-2000);
  const sliding: Suggestion = { before, after: "", text: "again" };
  assert.equal(remaining(sliding, at(`${long}ag`.slice(-2000))), "ain");
  assert.equal(remaining(sliding, at(`${long}xg`.slice(-2000))), undefined);
});

test("a word takes the space before it; punctuation is its own", () => {
  assert.equal(firstWord("your help, please"), "your");
  assert.equal(firstWord(" help, please"), " help");
  assert.equal(firstWord(", please"), ",");
  assert.equal(firstWord("don't stop"), "don't");
  assert.equal(firstWord(""), "");
});

test("text without spaces goes word by word too", () => {
  const first = firstWord("今日はいい天気です", "ja");
  assert.ok(first.length > 0 && first.length < "今日はいい天気です".length);
});

test("the last word is the time to ask for more", () => {
  assert.equal(isLastWord("help"), true);
  assert.equal(isLastWord(" help"), true);
  assert.equal(isLastWord("r help"), false);
});
