"""The parts of the trainer: head loss, Muon, data order, resume, several processes."""

import signal
import tempfile
import unittest
from pathlib import Path

try:
    import numpy as np
    import torch
    import torch.nn.functional as F

    from recipe import schedule, train
    from recipe.batches import Batches
    from recipe.bigram import factorise, starting_weights
    from recipe.loss import VocabularySample, head_loss
    from recipe.mix import SETS
    from recipe.muon import orthogonalise

    from tests.toy import VOCAB, ToyRun, write_tokens
except ImportError as missing:
    raise unittest.SkipTest(f"{missing}: install models/requirements.txt") from None


class HeadLoss(unittest.TestCase):
    def setUp(self):
        generator = torch.Generator().manual_seed(6)
        self.x = torch.randn(600, 8, generator=generator, requires_grad=True)
        self.weight = torch.randn(64, 8, generator=generator, requires_grad=True)
        self.targets = torch.randint(0, 64, (600,), generator=generator)

    def gradients(self, loss):
        self.x.grad = self.weight.grad = None
        loss.backward()
        return self.x.grad, self.weight.grad

    def assert_like_cross_entropy(self, loss):
        expected = F.cross_entropy(self.x @ self.weight.T, self.targets)
        self.assertAlmostEqual(loss.item(), expected.item(), places=4)
        for ours, theirs in zip(self.gradients(loss), self.gradients(expected)):
            self.assertTrue(torch.allclose(ours, theirs, atol=1e-5))

    def test_full_sum(self):
        self.assert_like_cross_entropy(head_loss(self.x, self.weight, self.targets))

    def test_sample_of_everything_is_the_full_sum(self):
        sample = VocabularySample(np.arange(64.0), frequent=40, one_in=1)
        self.assert_like_cross_entropy(head_loss(self.x, self.weight, self.targets, sample.draw(0)))

    def test_sample_depends_on_the_step_alone(self):
        sample = VocabularySample(np.arange(64.0), frequent=40, one_in=4)
        self.assertTrue(torch.equal(sample.draw(3)[0], sample.draw(3)[0]))
        self.assertFalse(torch.equal(sample.draw(3)[0], sample.draw(4)[0]))


class Parts(unittest.TestCase):
    def test_muon_update_is_nearly_orthogonal(self):
        x = torch.randn(2, 96, 32, generator=torch.Generator().manual_seed(7))
        values = torch.linalg.svdvals(orthogonalise(x, 5))
        self.assertTrue(((values > 0.6) & (values < 1.4)).all())

    def test_rate_rises_stays_and_falls(self):
        factors = [schedule.rate_factor(p, 0.1, 0.5) for p in (0.05, 0.3, 0.75, 1.0)]
        self.assertEqual([round(f, 3) for f in factors], [0.5, 1.0, 0.5, 0.01])

    def test_an_open_run_warms_up_and_never_ends(self):
        plan = schedule.Open(1000, "0:2,5000:5", 5)
        self.assertEqual([plan.now(t, 0).factor for t in (0, 500, 1000, 1e9)], [0.02, 0.5, 1.0, 1.0])
        self.assertEqual([plan.now(t, 0).depth for t in (4999, 5000)], [2, 5])
        self.assertFalse(plan.now(1e12, 1e9).done)

    def test_a_decay_ends_low_with_the_full_sum(self):
        plan = schedule.Decay(10, 0.9, 5)
        self.assertEqual(plan.now(0, 5).factor, 0.5)
        self.assertTrue(plan.now(0, 8).sampled)
        self.assertFalse(plan.now(0, 9.5).sampled)
        self.assertTrue(plan.now(0, 10).done)

    def test_blocks_join_on_schedule(self):
        depths = [schedule.depth_at(p, "0:2,0.3:3,0.5:5", 5) for p in (0.0, 0.29, 0.3, 0.5, 1.0)]
        self.assertEqual(depths, [2, 2, 3, 5, 5])
        self.assertEqual(schedule.depth_at(0.9, "0:2,0.3:3,0.5:5", 1), 1)

    def test_pair_start_predicts_pairs(self):
        counts = torch.zeros(40, 40)
        counts[torch.arange(40), (torch.arange(40) + 1) % 40] = 1000.0
        # Rank 38 of 40 cannot hold a full permutation exactly; the right successor must still lead.
        embedding, head = starting_weights(*factorise(counts, 20, 1), 22, 0.5, 1)
        hidden = F.rms_norm(embedding, (22,))
        guesses = (hidden @ head.T).argmax(dim=1)
        self.assertGreater((guesses == (torch.arange(40) + 1) % 40).float().mean().item(), 0.5)


class Data(unittest.TestCase):
    def test_order_is_a_function_of_the_number_and_keeps_shares(self):
        with tempfile.TemporaryDirectory() as folder:
            write_tokens(Path(folder))
            one, other = Batches(folder, 32, VOCAB), Batches(folder, 32, VOCAB)
            one.batch(0, 50)
            inputs, targets, _ = one.batch(50, 4)
            again = other.batch(50, 4).inputs
            self.assertTrue(torch.equal(inputs, again))
            self.assertTrue(torch.equal(inputs[:, 1:], targets[:, :-1]))
            self.assertEqual(np.bincount(one.schedule).tolist(), [chosen.share for chosen in SETS])


class Runs(ToyRun):
    def test_a_stopped_run_goes_on_from_its_checkpoint(self):
        self.train("--open", "--until-tokens", "128")
        first = self.load("checkpoint.pt")
        self.train("--open", "--until-tokens", "256")
        second = self.load("checkpoint.pt")
        self.assertEqual((first["step"], second["step"], second["sequences"]), (2, 4, 8))
        self.assertEqual(second["curve"][:2], first["curve"])

    def test_two_sittings_give_what_one_gives(self):
        self.train("--open", "--until-tokens", "128")
        self.train("--open", "--until-tokens", "256")
        self.train("--open", "--until-tokens", "256", "--run", str(self.work / "one"))
        self.assert_same_weights(self.load("checkpoint.pt"), self.load("../one/checkpoint.pt"))

    def test_a_stop_request_saves_and_ends(self):
        process = self.start("recipe.train", "--open")
        self.wait_for_line(process, '"step": 2')
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertIn("saved at step", output)
        saved = self.load("checkpoint.pt")
        self.assertEqual(len(saved["curve"]), saved["step"])
        self.train("--open", "--until-tokens", str(saved["tokens"] + 64))
        self.assertEqual(self.load("checkpoint.pt")["step"], saved["step"] + 1)

    def test_a_killed_run_goes_on_from_its_last_save(self):
        process = self.start("recipe.train", "--open", "--save-minutes", "0")
        self.wait_for_line(process, '"step": 4')
        process.kill()
        process.communicate()
        (self.run_folder / "checkpoint.pt.part").write_bytes(b"half of a")  # as a kill in the middle of a save leaves it
        steps = self.load("checkpoint.pt")["step"]
        self.assertGreaterEqual(steps, 3)
        self.train("--open", "--until-tokens", str((steps + 1) * 64))
        self.assertEqual(self.load("checkpoint.pt")["step"], steps + 1)
        self.assertFalse((self.run_folder / "checkpoint.pt.part").exists())

    def test_a_decay_leaves_the_open_run_alone(self):
        self.train("--open", "--until-tokens", "128")
        before, content = self.load("checkpoint.pt"), (self.run_folder / "checkpoint.pt").read_bytes()
        self.train("--decay-minutes", "0.0001")
        after = self.load("decayed.pt")
        self.assertEqual((self.run_folder / "checkpoint.pt").read_bytes(), content)
        self.assertGreater(after["sequences"], before["sequences"])
        self.assertEqual(len(after["curve"]), after["step"] - before["step"])

    def test_a_finished_decay_does_nothing(self):
        self.train("--open", "--until-tokens", "128")
        self.train("--decay-minutes", "0.0001")
        steps = self.load("decayed.pt")["step"]
        self.train("--decay-minutes", "0.0001")
        self.assertEqual(self.load("decayed.pt")["step"], steps)

    def test_several_processes_learn_what_one_with_all_sequences_learns(self):
        self.train("--open", "--until-tokens", "256", "--batch", "4", "--run", str(self.work / "one"))
        self.run_ranks(2, "--open", "--until-tokens", "256", "--batch", "2")
        self.assert_same_weights(self.load("checkpoint.pt"), self.load("../one/checkpoint.pt"), 1e-5)


if __name__ == "__main__":
    unittest.main()
