"""Broken files, a full disk, a checkpoint of something else: what is said, and that nothing is lost."""

import json
import lzma
import os
import tempfile
import unittest
from pathlib import Path

try:
    import numpy as np
    import torch

    from recipe import encode
    from recipe.corpus_files import lines_of, records_of
    from recipe.documents import read_set
    from recipe.files import CannotWrite, write_atomically
    from recipe.mix import SETS, Set

    from tests.toy import ToyRun
except ImportError as missing:
    raise unittest.SkipTest(f"{missing}: install models/requirements.txt") from None

GOOD = json.dumps({"source": "other", "document": "A long story.", "summary": "Short."}).encode()
CHOSEN = Set("summarize", ("summarize.jsonl",), "summarize", 100, 1)
FULL_DEVICE = Path("/dev/full")  # every write to it fails with "no space left on device"


class Corpus(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "summarize.jsonl.xz"

    def write(self, *lines):
        self.path.write_bytes(lzma.compress(b"\n".join(lines) + b"\n"))

    def refusal(self):
        with self.assertRaises(SystemExit) as raised:
            list(read_set(self.folder, CHOSEN))
        return str(raised.exception)

    def assert_says(self, *parts):
        said = self.refusal()
        for part in (str(self.path), *parts, "run the same command again"):
            self.assertIn(part, said)
        self.assertNotIn("A long story", said)

    def test_a_line_that_is_no_json_is_named(self):
        self.write(GOOD, GOOD[:20])
        self.assert_says("line 2", "no JSON")

    def test_a_record_without_its_fields_is_named(self):
        self.write(GOOD, b"{}", GOOD)
        self.assert_says("line 2", "source, document, summary")
        self.write(b"[1]")
        self.assert_says("line 1", "source, document, summary")

    def test_bytes_that_are_no_text_are_named(self):
        self.write(GOOD, GOOD, b"ab\xff\xfe")
        self.assert_says("line 3", "byte 3 is not UTF-8")

    def test_a_file_that_is_cut_off_is_named(self):
        self.write(*[GOOD.replace(b"long", str(number).encode()) for number in range(4000)])
        self.path.write_bytes(self.path.read_bytes()[:-200])
        self.assert_says("line", "cut off or damaged")

    def test_a_file_that_is_no_xz_is_named(self):
        self.path.write_bytes(GOOD)
        self.assert_says("cut off or damaged")

    def test_a_missing_file_is_named(self):
        self.assertIn("--corpus", self.refusal())

    def test_what_is_whole_is_read(self):
        self.write(GOOD, GOOD)
        self.assertEqual(len(list(records_of(self.path, ("source",)))), 2)
        self.assertEqual([number for number, _ in lines_of(self.path)], [1, 2])


class Encoding(unittest.TestCase):
    def test_sets_before_a_broken_file_are_kept_and_not_made_again(self):
        with tempfile.TemporaryDirectory() as folder:
            from tests.toy_corpus import write_corpus

            corpus, work = Path(folder) / "corpus", Path(folder) / "work"
            tokenizer = write_corpus(corpus, work)
            broken = corpus / (SETS[1].files[0] + ".xz")
            whole = broken.read_bytes()
            broken.write_bytes(whole[:-60])
            with self.assertRaisesRegex(SystemExit, "cut off or damaged"):
                encode.encode_all(tokenizer, corpus, work)
            first = encode.token_path(work, SETS[0])
            made = first.stat().st_mtime_ns
            self.assertEqual([path.name for path in first.parent.iterdir()], [first.name])
            broken.write_bytes(whole)
            encode.encode_all(tokenizer, corpus, work)
            self.assertEqual(first.stat().st_mtime_ns, made)
            self.assertEqual(len(list(first.parent.iterdir())), len(SETS))


@unittest.skipUnless(FULL_DEVICE.exists(), "this system has no /dev/full")
class FullDisk(ToyRun):
    def fill(self, path):
        """The temporary file beside `path` is on a full device."""
        path.with_name(path.name + ".part").symlink_to(FULL_DEVICE)

    def test_the_old_file_stays_and_nothing_is_left_over(self):
        path = self.work / "file"
        path.write_bytes(b"old")
        for write in (lambda file: file.write(b"new" * 100_000), lambda file: torch.save(torch.zeros(100_000), file),
                      lambda file: np.save(file, np.zeros(100_000))):
            self.fill(path)
            with self.assertRaises(CannotWrite) as raised:
                write_atomically(path, write)
            self.assertRegex(str(raised.exception), "the disk is full; the file from before is untouched.*Make room")
            self.assertEqual(path.read_bytes(), b"old")
            self.assertFalse(os.path.lexists(path.with_name("file.part")))

    def test_an_error_of_the_writer_is_not_taken_for_a_full_disk(self):
        with self.assertRaises(RuntimeError):
            write_atomically(self.work / "file", self.fail_to_write)

    def fail_to_write(self, file):
        raise RuntimeError("a bug")

    def test_a_run_that_cannot_save_goes_on_and_saves_later(self):
        path = self.run_folder / "checkpoint.pt"
        self.train("--open", "--until-tokens", "128")
        self.fill(path)
        self.train("--open", "--until-tokens", "512", "--save-minutes", "0")
        self.assertEqual(self.load("checkpoint.pt")["step"], 8)

    def test_a_last_save_that_fails_ends_with_the_reason_and_the_checkpoint_from_before(self):
        path = self.run_folder / "checkpoint.pt"
        self.train("--open", "--until-tokens", "128")
        self.fill(path)
        with self.assertRaisesRegex(SystemExit, "the disk is full"):
            self.train("--open", "--until-tokens", "512")
        self.assertEqual(self.load("checkpoint.pt")["step"], 2)
        self.train("--open", "--until-tokens", "512")
        self.assertEqual(self.load("checkpoint.pt")["step"], 8)


class Checkpoints(ToyRun):
    def test_one_of_another_shape_is_refused_with_the_difference(self):
        self.train("--open", "--until-tokens", "64")
        path = self.run_folder / "checkpoint.pt"
        content = path.read_bytes()
        with self.assertRaisesRegex(SystemExit, "num_hidden_layers is 1, not 2"):
            self.train("--open", "--layers", "2")
        self.assertEqual(path.read_bytes(), content)

    def test_a_damaged_one_is_named_and_left_alone(self):
        self.train("--open", "--until-tokens", "64")
        path = self.run_folder / "checkpoint.pt"
        whole = path.read_bytes()
        for content in (whole[: len(whole) // 2], b"", b"no checkpoint"):
            path.write_bytes(content)
            with self.assertRaisesRegex(SystemExit, "checkpoint.pt cannot be read.*move it away"):
                self.train("--open", "--until-tokens", "128")
            self.assertEqual(path.read_bytes(), content)

    def test_one_of_another_program_is_named(self):
        self.run_folder.mkdir()
        torch.save({"weights": torch.zeros(2)}, self.run_folder / "checkpoint.pt")
        with self.assertRaisesRegex(SystemExit, "it has no network"):
            self.train("--open")

    def test_a_decay_without_a_run_says_what_is_missing(self):
        with self.assertRaisesRegex(SystemExit, "checkpoint.pt is missing"):
            self.train("--decay-minutes", "1")

    def test_weights_that_are_no_numbers_never_replace_the_checkpoint(self):
        self.train("--open", "--until-tokens", "64")
        content = (self.run_folder / "checkpoint.pt").read_bytes()
        with self.assertRaisesRegex(SystemExit, "Lower the learning rates"):
            self.train("--open", "--until-tokens", "640", "--head-lr", "nan", "--log-steps", "100", "--save-minutes", "0")
        with self.assertRaisesRegex(SystemExit, "Lower the learning rates"):
            self.train("--open", "--until-tokens", "640", "--head-lr", "nan")
        self.assertEqual((self.run_folder / "checkpoint.pt").read_bytes(), content)


class Tokens(ToyRun):
    def break_tokens(self, tokens):
        path = encode.token_path(self.work, SETS[2])
        path.write_bytes(tokens) if isinstance(tokens, bytes) else np.save(path, tokens)
        with self.assertRaises(SystemExit) as raised:
            self.train("--open")
        self.assertIn(str(path), str(raised.exception))
        return str(raised.exception)

    def test_tokens_of_another_tokenizer_are_refused(self):
        said = self.break_tokens(np.full(700, 600, dtype=np.uint16))
        self.assertIn("token 600, but the network knows 512 only", said)

    def test_a_damaged_or_empty_file_is_refused(self):
        self.assertIn("cannot be read", self.break_tokens(b"\x93NUMPY\x01"))
        self.assertIn("less than one row", self.break_tokens(np.zeros(5, dtype=np.uint16)))

    def test_a_missing_file_is_named(self):
        encode.token_path(self.work, SETS[0]).unlink()
        with self.assertRaisesRegex(SystemExit, "run `python -m recipe.encode` first"):
            self.train("--open")


if __name__ == "__main__":
    unittest.main()
