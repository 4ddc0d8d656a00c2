"""The kinds of text that training never sees stay out, by label and by wording."""

import json
import lzma
import tempfile
import unittest
from pathlib import Path

try:
    from recipe import leaks
    from recipe.documents import read_set
    from recipe.left_out import Filter, WordModel, corpus_filter, held_out, review_model
    from recipe.mix import Set
except ImportError as missing:
    raise unittest.SkipTest(f"{missing}: install models/requirements.txt") from None

REVIEWS = [
    "We stayed at the Blue Lantern Inn for two nights and the breakfast was lovely.",
    "The breakfast at the Blue Lantern Inn was cold but the room was clean and quiet.",
    "Our room was clean and quiet, the breakfast was lovely, and we stayed two nights.",
    "Lovely room, clean and quiet, we stayed two nights and the breakfast was cold.",
]
OTHERS = [
    "Fix the crash when the parser reads an empty file and add a test for it.",
    "The parser now reports the line of the error; this adds a test.",
    "Please review the change to the build, it makes the test faster.",
    "Add an option that turns the cache off, and a test of the option.",
]
ANSWER = "We understand your concern about the refund and our support team will assist you with your account."


def write_corpus(folder):
    records = [{"source": "bitext", "instruction": "refund", "input": "", "output": ANSWER} for _ in range(3)]
    records += [{"source": "alexa/dstc11-track5", "instruction": "Parking?", "input": "Blue Lantern Inn\nNo.", "output": "No."}]
    records += [{"source": "other", "instruction": "Explain", "input": "", "output": text} for text in OTHERS]
    records += [{"source": "project-forms", "instruction": "Answer", "input": "", "output": ANSWER}]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (folder / "instruct.jsonl.xz").write_bytes(lzma.compress(lines.encode()))
    forms = "\n<|doc|>\n".join(REVIEWS + OTHERS) + "\n"
    (folder / "prose-forms-01.txt.xz").write_bytes(lzma.compress(forms.encode()))


class LeftOut(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.corpus = Path(folder.name)
        write_corpus(self.corpus)

    def test_reviews_are_found_from_the_names_of_places(self):
        model = review_model(REVIEWS + OTHERS, {"blue lantern inn"})
        self.assertTrue(all(model.score(text) > 0 for text in REVIEWS))
        self.assertTrue(all(model.score(text) < 0 for text in OTHERS))

    def test_forms_without_a_label_lose_their_reviews(self):
        chosen = Set("forms", ("prose-forms-01.txt",), "prose", 100, 1, judged=True)
        self.assertEqual(list(read_set(self.corpus, chosen)), OTHERS)

    def test_instructions_lose_the_labelled_records_and_what_reads_like_them(self):
        chosen = Set("instruct", ("instruct.jsonl",), "instruct", 100, 1, judged=True)
        documents = list(read_set(self.corpus, chosen))
        self.assertEqual(len(documents), len(OTHERS))
        self.assertFalse(any(ANSWER in document or "Blue Lantern" in document for document in documents))

    def test_what_is_held_out_for_evaluation_is_what_training_does_not_see(self):
        found = held_out(self.corpus)
        self.assertEqual(found["support"], [ANSWER] * 3)
        self.assertTrue(set(found["reviews"]) <= set(REVIEWS))

    def test_a_corpus_without_such_text_loses_nothing(self):
        for name in ("instruct.jsonl", "prose-forms-01.txt"):
            path = self.corpus / (name + ".xz")
            text = lzma.decompress(path.read_bytes()).decode()
            lines = [line for line in text.splitlines() if "bitext" not in line and "dstc11" not in line]
            path.write_bytes(lzma.compress("\n".join(lines).encode()))
        chosen = Set("forms", ("prose-forms-01.txt",), "prose", 100, 1, judged=True)
        self.assertEqual(list(read_set(self.corpus, chosen)), REVIEWS + OTHERS)
        self.assertEqual(held_out(self.corpus), {"support": [], "reviews": []})
        # Rare words speak for a kind of which there is no example, if one asks.
        self.assertFalse(corpus_filter(str(self.corpus)).leaves_out("crash empty cache faster review build"))

    def test_a_copy_is_found_and_a_common_phrase_is_no_leak(self):
        kept = {run: "reviews" for text in REVIEWS for run in leaks.runs(text)}
        copy = "He wrote: " + REVIEWS[0]
        phrase = "It was cold but the room was clean and dry."
        self.assertEqual(leaks.overlaps([*OTHERS, copy, phrase], kept), {"reviews": [len(leaks.runs(REVIEWS[0])), 1]})

    def test_two_words_prove_nothing(self):
        model = WordModel([ANSWER], OTHERS)
        self.assertLess(model.score("refund"), model.score("refund refund refund refund refund"))
        self.assertFalse(Filter(model, model).leaves_out("Explain the parser test"))


if __name__ == "__main__":
    unittest.main()
