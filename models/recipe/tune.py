"""Tunes a trained network for answers: instructions, conversation, summaries.

    python -m recipe.tune --work WORK --run RUN --minutes 30 [--origin RUN/decayed.pt]

Starts from the weights of `--origin` (a decayed checkpoint: the rate starts low) and writes `RUN/tuned.pt` and
`RUN/tuned.jsonl`; started again it goes on with its own file. Learned from are the answers of the records and, so that
continuing does not suffer, plain text in the shares of `recipe.mix.TUNE_SHARES`. What recipe.left_out keeps for
evaluation is in no token file, hence not in here either. The network's shape is the origin's.

# Source
Plain text in the mix: Ouyang et al. 2022, "InstructGPT", arXiv 2203.02155, section 3.5 (PPO-ptx); as a share of the
examples, Ibrahim et al. 2024, "Simple and scalable strategies to continually pre-train", arXiv 2403.08763.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from recipe import loop
from recipe.batches import Batches
from recipe.checkpoint import State, read_checkpoint
from recipe.machine import Machine
from recipe.mix import TUNE_SHARES
from recipe.network import Network, NetworkConfig
from recipe.optimizers import make_optimizers
from recipe.options import add_shared
from recipe.schedule import Tune


def main():
    run(parse_arguments())


def parse_arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_shared(parser)
    parser.add_argument("--minutes", type=float, required=True, help="tuning time in all, resumes included")
    parser.add_argument("--origin", type=Path, help="checkpoint to start from; RUN/decayed.pt without it")
    parser.add_argument("--seq", type=int, help="context; the origin's without it")
    parser.add_argument("--rate", type=float, default=0.2, help="learning rates at the start, relative to pre-training's")
    return parser.parse_args(argv)


def run(arguments):
    machine = Machine(arguments.device, arguments.products, arguments.threads)
    path, origin = arguments.run / "tuned.pt", arguments.origin or arguments.run / "decayed.pt"
    found = NetworkConfig(**read_checkpoint(path if path.exists() else origin)["config"])
    config = replace(found, max_position_embeddings=arguments.seq or found.max_position_embeddings)
    network = Network(config)
    network.model.stream_type = machine.product_type
    network.to(machine.device)
    arguments.run.mkdir(parents=True, exist_ok=True)
    state = State(network, make_optimizers(network, arguments), path)
    state.resume_stage(origin, with_optimizers=False)
    batches = Batches(arguments.work, config.max_position_embeddings, config.vocab_size, TUNE_SHARES, records=True)
    plan = Tune(arguments.minutes, arguments.rate, config.num_hidden_layers)
    loop.run(machine, state, batches, plan, arguments)
    machine.end()


if __name__ == "__main__":
    main()
