"""Evaluation: what counts as a word, how windows cover a document, when a guess is right."""

import unittest

try:
    from recipe.evaluate import cut, word_hits, word_ranges
    from recipe.tiny_fixture import tiny_tokenizer
    from recipe.tokenizer import new_tokenizer
except ImportError as missing:
    raise unittest.SkipTest(f"{missing}: install models/requirements.txt") from None


class Words(unittest.TestCase):
    def test_words_start_after_white_space(self):
        document = "He said (really): I don't know well-known things.\n\nYes - \"no\""
        splits = new_tokenizer().pre_tokenizer.pre_tokenize_str(document)

        class Encoding:  # one token a piece
            ids = [0] * len(splits)
            word_ids = list(range(len(splits)))
            offsets = [span for _, span in splits]

        words = [document[slice(*splits[a][1])].strip() for a, _ in word_ranges(Encoding, document)]
        self.assertEqual(words, ["He", "said", "I", "don't", "know", "well", "things", "Yes"])

    def test_a_guess_needs_every_token_and_an_end(self):
        ids = [9, 1, 2, 3]  # the word is the tokens 1, 2
        continues = [False] * 10
        top = [[1, 4, 5], [2, 0, 0], [3, 0, 0]]
        self.assertEqual(word_hits(ids, top, 0, 2, continues), (0, True))
        top[0] = [4, 1, 5]
        self.assertEqual(word_hits(ids, top, 0, 2, continues), (1, True))
        continues[3] = True
        self.assertEqual(word_hits(ids, top, 0, 2, continues), (1, False))


class Windows(unittest.TestCase):
    def test_every_target_counts_once(self):
        tokenizer = tiny_tokenizer()
        document = "It was the best of times, it was the worst of times. " * 4
        length = len(tokenizer.encode(document).ids)
        for stride in (5, 8, 16):
            windows = cut(tokenizer, document, 16, stride)
            fresh = sum(len(w["ids"]) - 1 - w["fresh"] for w in windows)
            self.assertEqual(fresh, length)
            self.assertTrue(all(len(w["ids"]) <= 17 for w in windows))


if __name__ == "__main__":
    unittest.main()
