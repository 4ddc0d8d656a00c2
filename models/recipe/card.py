"""Draws the learning curve for the model card.

    python -m recipe.card --run RUN --out cards/sotto-nano-curve.svg
"""

import argparse
import json
import math
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend has to be chosen first)

# Training loss is averaged over this share of the points, to show the trend under the noise.
SMOOTHING = 0.02


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--bytes-per-token", type=float, default=4.12, help="to show bits per byte")
    arguments = parser.parse_args()
    path = arguments.run / "curve.jsonl"
    if not path.exists():
        raise SystemExit(f"{path} is missing: run `python -m recipe.train` first")
    points = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    bits = [point["loss"] / math.log(2) / arguments.bytes_per_token for point in points]
    tokens = [point["tokens"] / 1e6 for point in points]

    plt.rcParams.update({"svg.hashsalt": "sotto", "font.size": 9})
    figure, axes = plt.subplots(figsize=(6.4, 3.2))
    axes.plot(tokens, bits, color="#b8c4d6", linewidth=0.7, label="training, per log line")
    axes.plot(tokens, smooth(bits), color="#1f4e8c", linewidth=1.6, label="training, smoothed")
    for index in changes(points):
        axes.axvline(tokens[index], color="#888888", linewidth=0.8, linestyle=":")
    axes.set_xlabel("million tokens read")
    axes.set_ylabel("bits per byte (training text)")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(arguments.out, metadata={"Date": None})
    print(f"wrote {arguments.out}")


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
