"""Tuning: whole records, loss on the answers only, resumable like the rest. Growing: the same function, then more blocks."""

import unittest

try:
    import numpy as np
    import torch

    from recipe import encode, grow, tune
    from recipe.batches import Batches
    from recipe.mix import ASSISTANT_ID, END_ID, SETS, SUMMARY_ID, TUNE_SHARES, USER_ID
    from recipe.network import Network, NetworkConfig
    from recipe.record_rows import RecordRows, answers

    from tests.toy import OPTIONS, VOCAB, ToyRun
except ImportError as missing:
    raise unittest.SkipTest(f"{missing}: install models/requirements.txt") from None

QUESTION = [END_ID, USER_ID, 20, 21, ASSISTANT_ID, 30, 31]
SUMMARY = [END_ID, 40, 41, 42, SUMMARY_ID, 50]
PLAIN = [END_ID, 60, 61]


def learned(row, counted):
    """The targets that are learned from."""
    return row[1:][counted].tolist()


class Answers(unittest.TestCase):
    def test_only_the_answer_and_its_end_count(self):
        row = np.array([*QUESTION, END_ID])
        self.assertEqual(learned(row, answers(row[:-1])), [30, 31, END_ID])
        row = np.array([*SUMMARY, END_ID])
        self.assertEqual(learned(row, answers(row[:-1])), [50, END_ID])

    def test_in_a_conversation_every_answer_counts_up_to_the_next_question(self):
        row = np.array([END_ID, USER_ID, 20, ASSISTANT_ID, 30, USER_ID, 21, ASSISTANT_ID, 31, END_ID])
        self.assertEqual(learned(row, answers(row[:-1])), [30, USER_ID, 31, END_ID])

    def test_plain_text_counts_whole(self):
        row = np.array([*PLAIN, END_ID])
        self.assertEqual(learned(row, answers(row[:-1])), [60, 61, END_ID])


class Rows(unittest.TestCase):
    def test_records_stay_whole_and_the_rest_of_a_row_does_not_count(self):
        rows = RecordRows(np.array(QUESTION + SUMMARY + PLAIN, dtype=np.uint16), 14)
        self.assertEqual(rows.count, 2)
        row, counted = rows.row(0)
        self.assertEqual(row.tolist(), QUESTION + SUMMARY + [END_ID, END_ID])
        self.assertEqual(learned(row, counted), [30, 31, END_ID, 50, END_ID])
        row, counted = rows.row(1)
        self.assertEqual(row.tolist(), PLAIN + [END_ID] * 12)
        self.assertEqual(learned(row, counted), [60, 61, END_ID])

    def test_of_a_record_that_is_too_long_the_cut_is_not_learned_as_an_end(self):
        rows = RecordRows(np.array(QUESTION + PLAIN, dtype=np.uint16), 6)
        row, counted = rows.row(0)
        self.assertEqual(row.tolist(), QUESTION[:6] + [END_ID])
        self.assertEqual(learned(row, counted), [30])

    def test_every_record_is_in_exactly_one_row(self):
        words = np.random.default_rng(1).integers(8, 100, 4000).astype(np.uint16)
        words[0] = words[np.random.default_rng(2).integers(0, 4000, 200)] = END_ID
        rows = RecordRows(words, 64)
        ends = sum((rows.row(i)[1][:-1] & (rows.row(i)[0][1:-1] == END_ID)).sum() for i in range(rows.count))
        self.assertLessEqual(ends, (words == END_ID).sum())
        content = np.concatenate([row[:-1][row[:-1] != END_ID] for row, _ in map(rows.row, range(rows.count))])
        kept = [record[1:64] for record in np.split(words, np.flatnonzero(words == END_ID)[1:])]
        np.testing.assert_array_equal(content, np.concatenate(kept))


class Tuning(ToyRun):
    def setUp(self):
        super().setUp()
        for chosen in SETS:
            if chosen.kind != "prose":
                record = SUMMARY if chosen.kind == "summarize" else QUESTION
                np.save(encode.token_path(self.work, chosen), np.array(record * 60, dtype=np.uint16))
        self.train("--open", "--until-tokens", "128")

    def tune(self, *more):
        tune.run(tune.parse_arguments(["--work", str(self.work), "--run", str(self.run_folder), *OPTIONS,
                                       "--minutes", "5", *more]))

    def test_batches_mix_answers_and_plain_text(self):
        batch = Batches(self.work, 32, VOCAB, TUNE_SHARES, records=True).batch(0, 100)
        plain = batch.counted.all(dim=1)
        prose = sum(share for name, share in TUNE_SHARES.items() if name not in ("instruct", "summarize", "dialogue"))
        self.assertEqual(plain.sum().item(), prose)
        asked = batch.targets[~plain][batch.counted[~plain]]
        self.assertEqual(sorted(set(asked.tolist())), [END_ID, 30, 31, 50])
        self.assertEqual(sum(TUNE_SHARES.values()), 100)

    def test_it_starts_from_the_origin_goes_on_and_leaves_the_origin_alone(self):
        origin = self.run_folder / "checkpoint.pt"
        content = origin.read_bytes()
        self.tune("--origin", str(origin), "--until-tokens", "128")
        first = self.load("tuned.pt")
        self.assertEqual((first["step"], first["sequences"]), (2, 4))
        self.tune("--origin", str(origin), "--until-tokens", "256")
        second = self.load("tuned.pt")
        self.assertEqual((second["step"], second["curve"][:2]), (4, first["curve"]))
        self.assertEqual(origin.read_bytes(), content)
        self.assertEqual(len((self.run_folder / "tuned.jsonl").read_text().splitlines()), 4)

    def test_it_learns_the_answers(self):
        self.tune("--origin", str(self.run_folder / "checkpoint.pt"), "--until-tokens", "20000", "--rate", "1",
                  "--log-steps", "50")
        saved = self.load("tuned.pt")
        network = Network(NetworkConfig(**saved["config"])).eval()
        network.load_state_dict(saved["network"])
        with torch.no_grad():
            best = network(torch.tensor([QUESTION]))[0].argmax(dim=1).tolist()
        self.assertEqual(best[4:], [30, 31, END_ID])
        self.assertNotEqual(best[1:4], QUESTION[2:5])  # nobody taught it the question

    def test_without_an_origin_it_says_what_is_missing(self):
        with self.assertRaisesRegex(SystemExit, "decayed.pt is missing"):
            self.tune()


class Growing(ToyRun):
    def setUp(self):
        super().setUp()
        self.train("--open", "--until-tokens", "320", "--layers", "2")
        self.bigger = self.work / "bigger"

    def grow(self, layers, *more):
        grow.run(grow.parse_arguments(["--origin", str(self.run_folder / "checkpoint.pt"), "--run", str(self.bigger),
                                       "--layers", str(layers), *more]))

    def logits(self, saved):
        network = Network(NetworkConfig(**saved["config"])).eval()
        network.load_state_dict(saved["network"])
        with torch.no_grad():
            return network(torch.arange(8, 40)[None])

    def test_the_deeper_network_computes_the_same(self):
        before = self.load("checkpoint.pt")
        self.grow(5)
        after = self.load("../bigger/checkpoint.pt")
        self.assertEqual(after["config"]["num_hidden_layers"], 5)
        self.assertTrue(torch.equal(self.logits(before), self.logits(after)))
        # The old blocks do something, or this would show nothing.
        before["network"]["model.layers.1.mlp.down_proj.weight"].zero_()
        self.assertFalse(torch.equal(self.logits(before), self.logits(after)))

    def test_training_goes_on_in_all_blocks_with_new_text(self):
        self.grow(4)
        before = self.load("../bigger/checkpoint.pt")
        self.assertEqual((before["tokens"], before["sequences"]), (0, self.load("checkpoint.pt")["sequences"]))
        self.train("--open", "--until-tokens", "320", "--layers", "4", "--open-depths", "0:4", "--warmup-tokens", "64",
                   "--run", str(self.bigger))
        after = self.load("../bigger/checkpoint.pt")
        self.assertGreater(after["sequences"], before["sequences"])
        for i in range(4):
            for part in ("self_attn.o_proj", "mlp.down_proj", "mlp.up_proj"):
                name = f"model.layers.{i}.{part}.weight"
                self.assertFalse(torch.equal(before["network"][name], after["network"][name]), name)

    def test_places_of_new_blocks(self):
        self.assertEqual([old for old, _ in grow.block_places(3, 7, "between")], [0, 0, 1, 1, 2, 2, 2])
        self.assertEqual([copy for _, copy in grow.block_places(2, 4, "between")], [False, True, False, True])
        self.assertEqual(grow.block_places(2, 4, "after"), [(0, False), (1, False), (1, True), (1, True)])
        for old, new in ((6, 13), (6, 7), (3, 12)):
            places = grow.block_places(old, new, "between")
            self.assertEqual(len(places), new)
            self.assertEqual([i for i, copy in places if not copy], list(range(old)))

    def test_it_replaces_no_run_and_does_not_shrink(self):
        with self.assertRaisesRegex(SystemExit, "has 2 blocks already"):
            self.grow(2)
        self.grow(3)
        with self.assertRaisesRegex(SystemExit, "exists"):
            self.grow(4)


if __name__ == "__main__":
    unittest.main()
