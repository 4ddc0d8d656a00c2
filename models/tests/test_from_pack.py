"""A shipped pack as the start of a run: verified, the same numbers, and never over what is there."""

import hashlib
import json
import unittest

try:
    import torch

    from recipe import from_pack
    from recipe.int8 import dequantize_state, quantize_state
    from recipe.network import Network
    from recipe.quantize import plain_int4, write_pack
    from recipe.shipped import FILES
    from recipe.stored import load_checkpoint

    from tests.toy import ToyRun
except ImportError as missing:
    raise unittest.SkipTest(f"{missing}: install models/requirements.txt") from None


class FromPack(ToyRun):
    def setUp(self):
        super().setUp()
        self.train("--minutes", "1", "--until-tokens", "64")
        self.network, _ = load_checkpoint(self.run_folder)
        tokenizer = self.work / "other.json"
        tokenizer.write_text("{}")
        files = self.work / "files"
        write_pack(self.network, plain_int4(self.network.state_dict()), tokenizer, files)
        self.pack = self.work / "pack"
        (self.pack / "blobs").mkdir(parents=True)
        blobs = []
        for role, name in FILES.items():
            content = (files / name).read_bytes()
            sha256 = hashlib.sha256(content).hexdigest()
            (self.pack / "blobs" / sha256).write_bytes(content)
            blobs.append(dict(role=role, sha256=sha256, bytes=len(content)))
        (self.pack / "manifest.json").write_text(json.dumps(dict(blobs=blobs)))

    def start(self, run, work="fresh"):
        arguments = ["--pack", str(self.pack), "--work", str(self.work / work), "--run", str(run), "--rows", "7"]
        from_pack.run(from_pack.parse_arguments(arguments))

    def test_the_weights_are_those_of_the_pack_and_training_goes_on_from_its_rows(self):
        run = self.work / "continued"
        self.start(run)
        network, saved = load_checkpoint(run)
        expected = dequantize_state(quantize_state(self.network.state_dict(), half_scales=True))
        for name, tensor in network.state_dict().items():
            self.assertTrue(torch.equal(tensor, expected[name]), name)
        self.assertEqual(saved["sequences"], 7)
        self.run_folder = run
        self.train("--open", "--until-tokens", "64", "--open-depths", "0:1")
        self.assertEqual(self.load("checkpoint.pt")["sequences"], 9)

    def test_an_altered_blob_is_refused(self):
        weights = max((self.pack / "blobs").iterdir(), key=lambda file: file.stat().st_size)
        weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
        with self.assertRaisesRegex(SystemExit, "weights is missing or altered"):
            self.start(self.work / "continued")

    def test_a_run_that_is_there_is_left_alone(self):
        with self.assertRaisesRegex(SystemExit, "exists"):
            self.start(self.run_folder)

    def test_another_tokenizer_is_left_alone(self):
        (self.work / "tokenizer.json").write_text("[]")
        with self.assertRaisesRegex(SystemExit, "another tokenizer"):
            self.start(self.work / "continued", ".")
        self.assertEqual((self.work / "tokenizer.json").read_text(), "[]")


if __name__ == "__main__":
    unittest.main()
