"""Draws and fills what a model card shows.

    python -m recipe.card curve --run RUN --out cards/sotto-nano-curve.svg
    python -m recipe.card reliability --result RESULTS/calibrate.json --out cards/sotto-nano-reliability.svg
    python -m recipe.card fill --card cards/sotto-nano.md --section figures --text RESULTS/page.md

`curve` shows `curve.jsonl` and, where they are, the decay and the tuning that followed. `reliability` and `figures` come from
`sotto-eval calibrate` and `sotto-eval table`. `fill` replaces what stands between `<!-- SECTION -->` and
`<!-- /SECTION -->` in the card; without `--text` it reads its input, such as what recipe.sample prints.
"""

import argparse
import json
import math
import sys
from pathlib import Path

import matplotlib

from recipe.files import write_atomically

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend has to be chosen first)

# Training loss is averaged over this share of the points, to show the trend under the noise.
SMOOTHING = 0.02
STAGES = (("curve.jsonl", "training", "#1f4e8c"), ("decayed.jsonl", "decay", "#b3541e"), ("tuned.jsonl", "tuning", "#2e7d4f"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    curve = commands.add_parser("curve")
    curve.add_argument("--run", type=Path, required=True)
    curve.add_argument("--out", type=Path, required=True)
    curve.add_argument("--bytes-per-token", type=float, default=4.12, help="to show bits per byte")
    curve.set_defaults(do=draw_curve)
    reliability = commands.add_parser("reliability")
    reliability.add_argument("--result", type=Path, required=True)
    reliability.add_argument("--out", type=Path, required=True)
    reliability.set_defaults(do=draw_reliability)
    fill = commands.add_parser("fill")
    fill.add_argument("--card", type=Path, required=True)
    fill.add_argument("--section", required=True)
    fill.add_argument("--text", type=Path)
    fill.set_defaults(do=fill_card)
    arguments = parser.parse_args()
    arguments.do(arguments)


def draw_curve(arguments):
    if not (arguments.run / STAGES[0][0]).exists():
        raise SystemExit(f"{arguments.run / STAGES[0][0]} is missing: run `python -m recipe.train` first")
    figure, axes = new_axes()
    read = 0.0  # a tuning counts its tokens from 0
    for name, label, colour in STAGES:
        path = arguments.run / name
        if not path.exists():
            continue
        points = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        if not points:
            continue
        start = read if points[0]["tokens"] < read * 1e6 * 0.5 else 0.0
        bits = [point["loss"] / math.log(2) / arguments.bytes_per_token for point in points]
        tokens = [start + point["tokens"] / 1e6 for point in points]
        axes.plot(tokens, bits, color=colour, alpha=0.3, linewidth=0.7)
        axes.plot(tokens, smooth(bits), color=colour, linewidth=1.6, label=label)
        for index in changes(points):
            axes.axvline(tokens[index], color="#888888", linewidth=0.8, linestyle=":")
        read = tokens[-1]
    axes.set_xlabel("million tokens read")
    axes.set_ylabel("bits per byte (training text)")
    axes.legend(frameon=False)
    save(figure, arguments.out)


def draw_reliability(arguments):
    bins = find(json.loads(arguments.result.read_text(encoding="utf-8")), "reliability", arguments.result)["firstWord"]
    bins = [entry for entry in bins if entry["cases"]]
    most = max(entry["cases"] for entry in bins)
    figure, axes = new_axes()
    axes.plot([0, 1], [0, 1], color="#888888", linewidth=0.8, linestyle=":", label="as right as it is sure")
    axes.bar([entry["meanConfidence"] for entry in bins], [entry["cases"] / most for entry in bins], width=0.03,
             color="#b8c4d6", label=f"cases (the highest bar: {most:,})")
    axes.plot([entry["meanConfidence"] for entry in bins], [entry["right"] for entry in bins], color="#1f4e8c",
              marker="o", markersize=4, label="share that was right")
    axes.set_xlabel("probability that the model gives its first word")
    axes.set_ylabel("share")
    axes.set_ylim(0, 1.05)
    axes.legend(frameon=False)
    save(figure, arguments.out)


def find(value, key, path):
    """The value of `key`, at any depth of the result."""
    if isinstance(value, dict):
        if key in value:
            return value[key]
        for inner in value.values():
            found = find(inner, key, None)
            if found is not None:
                return found
    if path is not None:
        raise SystemExit(f"{path} has no `{key}`: it is made by `sotto-eval calibrate`")
    return None


def fill_card(arguments):
    text = arguments.text.read_text(encoding="utf-8") if arguments.text else sys.stdin.read()
    card = arguments.card.read_text(encoding="utf-8")
    start, end = f"<!-- {arguments.section} -->", f"<!-- /{arguments.section} -->"
    if card.count(start) != 1 or card.count(end) != 1 or card.index(start) > card.index(end):
        raise SystemExit(f"{arguments.card} needs one {start} and one {end} after it, each on a line of its own")
    before, rest = card.split(start)
    filled = f"{before}{start}\n\n{text.strip()}\n\n{end}{rest.split(end)[1]}"
    write_atomically(arguments.card, lambda file: file.write(filled.encode()))
    print(f"wrote section {arguments.section} of {arguments.card}")


def new_axes():
    plt.rcParams.update({"svg.hashsalt": "sotto", "svg.fonttype": "none", "font.size": 9})
    figure, axes = plt.subplots(figsize=(6.4, 3.2))
    axes.grid(alpha=0.3)
    return figure, axes


def save(figure, path):
    figure.tight_layout()
    write_atomically(path, lambda file: figure.savefig(file, format="svg", metadata={"Date": None}))
    plt.close(figure)
    print(f"wrote {path}")


def smooth(values):
    reach = max(1, int(len(values) * SMOOTHING))
    return [sum(values[max(0, i - reach) : i + reach + 1]) / len(values[max(0, i - reach) : i + reach + 1])
            for i in range(len(values))]


def changes(points):
    """Indices where blocks joined or the full softmax took over."""
    keys = [(point.get("depth"), point.get("sampled")) for point in points]
    return [i for i in range(1, len(keys)) if keys[i] != keys[i - 1]]


if __name__ == "__main__":
    main()
