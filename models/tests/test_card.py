"""Pictures and tables of the card, from the files that training and sotto-eval write."""

import json
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

try:
    from recipe import card
except ImportError as missing:
    raise unittest.SkipTest(f"{missing}: install models/requirements.txt") from None

CARD = "# Model\n\n<!-- figures -->\n\nold\n\n<!-- /figures -->\n\n## Limits\n"


class Card(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def curve(self, name, tokens, depth=6):
        points = [dict(tokens=count * 1e6, loss=4.0 - count / 50, depth=depth, sampled=True) for count in tokens]
        (self.folder / name).write_text("".join(json.dumps(point) + "\n" for point in points))

    def draw_curve(self):
        picture = self.folder / "curve.svg"
        card.draw_curve(SimpleNamespace(run=self.folder, out=picture, bytes_per_token=4.0))
        return picture.read_text()

    def test_the_curve_has_every_stage_that_there_is(self):
        self.curve("curve.jsonl", range(1, 20))
        picture = self.draw_curve()
        for text in ("bits per byte", "million tokens", ">training<"):
            self.assertIn(text, picture)
        self.assertNotIn(">decay<", picture)
        self.curve("decayed.jsonl", range(20, 25))
        self.curve("tuned.jsonl", range(1, 4))
        picture = self.draw_curve()
        for text in (">training<", ">decay<", ">tuning<"):
            self.assertIn(text, picture)

    def test_the_same_run_gives_the_same_picture(self):
        self.curve("curve.jsonl", range(1, 20))
        self.assertEqual(self.draw_curve(), self.draw_curve())

    def test_a_run_without_a_curve_is_named(self):
        with self.assertRaisesRegex(SystemExit, "curve.jsonl is missing"):
            self.draw_curve()

    def test_reliability_is_drawn_from_the_result_of_the_calibration(self):
        bins = [{"cases": 0, "meanConfidence": None, "right": None}, {"cases": 40, "meanConfidence": 0.15, "right": 0.2},
                {"cases": 5, "meanConfidence": 0.9, "right": 0.8}]
        result, picture = self.folder / "calibrate.json", self.folder / "reliability.svg"
        result.write_text(json.dumps({"command": "calibrate", "reliability": {"firstWord": bins}}))
        card.draw_reliability(SimpleNamespace(result=result, out=picture))
        self.assertIn("the highest bar: 40", picture.read_text())
        result.write_text(json.dumps({"command": "language"}))
        with self.assertRaisesRegex(SystemExit, "sotto-eval calibrate"):
            card.draw_reliability(SimpleNamespace(result=result, out=picture))

    def test_a_section_is_replaced_and_the_rest_stays(self):
        path, text = self.folder / "card.md", self.folder / "page.md"
        path.write_text(CARD)
        text.write_text("| new |\n")
        for _ in range(2):
            card.fill_card(SimpleNamespace(card=path, section="figures", text=text))
            self.assertEqual(path.read_text(), CARD.replace("old", "| new |"))

    def test_a_card_without_the_section_is_left_alone(self):
        path, text = self.folder / "card.md", self.folder / "page.md"
        path.write_text(CARD.replace("<!-- /figures -->", ""))
        text.write_text("new")
        with self.assertRaisesRegex(SystemExit, "<!-- /figures -->"):
            card.fill_card(SimpleNamespace(card=path, section="figures", text=text))
        self.assertNotIn("new", path.read_text())


if __name__ == "__main__":
    unittest.main()
