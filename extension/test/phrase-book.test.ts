import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_BOOK_UTF16, MAX_DAYS, PhraseBook } from "../src/engine/phrases/phrase-book";
import { newOnes, sentencesOf } from "../src/engine/phrases/sentences";

const SITE = "https://mail.example";
const DAY = 20_000;
const MINUTES = "Please find attached the minutes of the meeting.";

function bookOf(...texts: string[]): PhraseBook {
  const book = new PhraseBook();
  for (const text of texts) book.learn(SITE, text, [], DAY);
  return book;
}

test("a text is its sentences, without what looks like somebody's data", () => {
  const text = `Hello Anna,\n${MINUTES} They are  long!  Call me at 0171 2345678 please. Write to me@mail.example about it. See https://a.example/x for that.\nBest regards, Maria`;
  assert.deepEqual(sentencesOf(text), [MINUTES, "They are long!", "Best regards, Maria"]);
  assert.deepEqual(sentencesOf("Yes. No thanks. x".repeat(3)), []);
  assert.deepEqual(sentencesOf(`the key is ${"a1b2c3".repeat(10)} for now`), []);
  assert.deepEqual(sentencesOf("word ".repeat(100)), []);
});

test("what stood in a field when it was told last is not learned again", () => {
  assert.deepEqual(newOnes(["a", "b"], ["a", "b", "c"]), ["c"]);
  assert.deepEqual(newOnes(["a"], ["a", "a"]), ["a"]);
  assert.deepEqual(newOnes(["a", "b"], ["b"]), []);
  const book = new PhraseBook();
  const told = book.learn(SITE, MINUTES, [], DAY);
  book.learn(SITE, `${MINUTES} And something else came.`, told, DAY);
  assert.deepEqual(
    book.search("").map(({ times }) => times),
    [1, 1],
  );
});

test("only what was written at least twice is suggested", () => {
  assert.equal(bookOf(MINUTES).completion("Please find"), undefined);
  const book = bookOf(MINUTES, MINUTES);
  assert.equal(book.completion("Please find"), " attached the minutes of the meeting.");
  assert.equal(book.completion("Hello Anna.\nPlease find att"), "ached the minutes of the meeting.");
  assert.equal(book.completion("Hello. Please find "), "attached the minutes of the meeting.");
  assert.equal(book.completion("Plea"), "se find attached the minutes of the meeting.");
});

test("a few letters do at the start of a sentence; inside of one, two whole words must agree", () => {
  const book = bookOf(MINUTES, MINUTES);
  assert.equal(book.completion("Ple"), undefined, "too little");
  assert.equal(book.completion("I would like you to please"), undefined);
  assert.equal(book.completion("Today the minu"), undefined, "one whole word");
  assert.equal(book.completion("Here are the minutes of "), "the meeting.");
  assert.equal(book.completion("Here are the minutes o"), "f the meeting.");
  assert.equal(book.completion("please find"), undefined, "exact text alone");
  assert.equal(book.completion("Xlease find"), undefined);
  assert.equal(book.completion("minutes, the agenda and the minutes of the meeting."), undefined);
});

test("it goes on as far as most sentences agree, and no further", () => {
  const book = bookOf(
    "Thank you for your letter of Monday.",
    "Thank you for your letter of Tuesday.",
    "Thank you for your patience with us.",
  );
  assert.equal(book.completion("Thank you"), " for your letter of");
  assert.equal(book.completion("Thank you for your p"), undefined, "written once");
  const split = bookOf(
    "Let us meet at noon then.",
    "Let us meet at noon then.",
    "Let us meet at nine then.",
    "Let us meet at nine then.",
  );
  assert.equal(split.completion("Let us"), " meet at");
  const parts = bookOf("We can find it there.", "We can finding it there.");
  assert.equal(parts.completion("We can"), undefined);
});

test("long texts before the caret begin in the middle of a word, which is not compared", () => {
  const book = bookOf(MINUTES, MINUTES);
  const long = "x".repeat(107);
  assert.equal(book.completion(`${long} Please find`), undefined, "not the start of a sentence, and one whole word");
  assert.equal(book.completion(`${long}. Please find`), " attached the minutes of the meeting.");
});

test("what is old goes, and where there is too much the oldest and rarest", () => {
  const book = bookOf(MINUTES);
  assert.equal(book.trim(DAY + MAX_DAYS), 0);
  assert.equal(book.trim(DAY + MAX_DAYS + 1), 1);
  assert.equal(book.count, 0);

  const full = new PhraseBook();
  full.learn(SITE, MINUTES, [], DAY - 1);
  const sentence = (at: number) => `Sentence number ${at} is ${"so ".repeat(80)}long.`;
  for (let at = 0; full.utf16 + 300 < MAX_BOOK_UTF16; at += 1) full.learn(SITE, sentence(at), [], DAY);
  for (let at = 0; at < 3; at += 1) full.learn(SITE, `Another ${sentence(at)}`, [], DAY);
  assert.ok(full.utf16 <= MAX_BOOK_UTF16);
  assert.deepEqual(full.search("minutes"), []);
  assert.equal(full.search("Another").length, 3);
});

test("phrases are searched, erased one by one, and come back from what was kept", () => {
  const book = bookOf(MINUTES, "The ferry leaves at noon.", "The ferry leaves at noon.");
  book.setSite(SITE, true);
  const [ferry] = book.search("FERRY");
  assert.equal(ferry?.times, 2);
  assert.equal(book.search("mail.example").length, 2);
  const again = new PhraseBook(JSON.parse(JSON.stringify(book.state)));
  assert.deepEqual(again.state, book.state);
  assert.equal(again.completion("The ferry"), " leaves at noon.");
  assert.ok(ferry && again.erase(ferry.number));
  assert.equal(again.erase(ferry.number), false);
  assert.equal(again.completion("The ferry"), undefined);
  again.learn(SITE, "Something new was written.", [], DAY);
  assert.equal(new Set(again.search("").map(({ number }) => number)).size, 2);
  again.setSite(SITE, false);
  assert.deepEqual([again.isNamed(SITE), book.isNamed(SITE)], [false, true]);
});
