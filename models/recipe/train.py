"""Trains the network, for a number of minutes or for as long as it is left running.

    python -m recipe.train --work WORK --run RUN --minutes 90            # a plan that ends by itself
    python -m recipe.train --work WORK --run RUN --open                  # constant rate until stopped, in many sittings
    python -m recipe.train --work WORK --run RUN --decay-minutes 60      # finishes what --open has reached so far
    torchrun --nproc-per-node 4 -m recipe.train ...                      # the same on several GPUs

With `--minutes` the learning rate follows the share of the budget that is used up, not a step count: the speed of
a machine that does other things too cannot be foretold. `--decay-minutes` starts from `RUN/checkpoint.pt` and
writes `RUN/decayed.pt`, so that `--open` can go on later from where it was; started again it goes on with its own file.

Every `--save-minutes` the run is written to its file (weights, both optimizers, minutes used, position in the
data, curve), either old or new, never half; started again, it goes on from there with the next sequence. SIGTERM and
Ctrl-C save and end. `curve.jsonl` or `decayed.jsonl` holds one line per logged step.
"""

import argparse
from dataclasses import replace

import torch

from recipe import loop
from recipe.batches import Batches
from recipe.bigram import factorise, pair_counts, starting_weights
from recipe.checkpoint import State
from recipe.loss import VocabularySample
from recipe.machine import Machine
from recipe.network import Network, NetworkConfig
from recipe.optimizers import make_optimizers
from recipe.options import add_shared
from recipe.schedule import Decay, Open, Timed

SEED = 20261122


def main():
    run(parse_arguments())


def parse_arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_shared(parser)
    plan = parser.add_mutually_exclusive_group(required=True)
    plan.add_argument("--minutes", type=float, help="training time in all, resumes included")
    plan.add_argument("--open", action="store_true", help="warm up, then train at a constant rate until stopped")
    plan.add_argument("--decay-minutes", type=float, help="lower the rate to its end from RUN/checkpoint.pt on")
    parser.add_argument("--seq", type=int, default=256)
    parser.add_argument("--layers", type=int, default=NetworkConfig.num_hidden_layers)
    parser.add_argument("--intermediate", type=int, default=NetworkConfig.intermediate_size)
    parser.add_argument("--hidden", type=int, default=NetworkConfig.hidden_size)
    parser.add_argument("--heads", type=int, default=NetworkConfig.num_attention_heads)
    parser.add_argument("--vocab", type=int, default=NetworkConfig.vocab_size)
    parser.add_argument("--embedding-std", type=float, default=0.5)
    parser.add_argument("--warmup", type=float, default=0.01, help="share of the budget")
    parser.add_argument("--decay", type=float, default=0.55, help="share of the budget, at its end")
    parser.add_argument("--full-softmax", type=float, default=0.94, help="share of the budget after which the whole "
                        "vocabulary is summed at every step (0: always)")
    parser.add_argument("--frequent", type=int, default=3072, help="tokens that are in every sampled sum")
    parser.add_argument("--bigram-start", action=argparse.BooleanOptionalAction, default=True,
                        help="start embedding and head from counts of token pairs")
    parser.add_argument("--depths", default="0:3,0.15:6", help="share of the budget : blocks in use from there "
                        "on; the others are the identity until they join")
    parser.add_argument("--warmup-tokens", type=float, default=2e5, help="of --open")
    parser.add_argument("--open-depths", default="0:3,6e6:6", help="--depths of --open, in tokens")
    return parser.parse_args(argv)


def run(arguments):
    machine = Machine(arguments.device, arguments.products, arguments.threads)
    torch.manual_seed(SEED)
    arguments.run.mkdir(parents=True, exist_ok=True)
    config = replace(
        NetworkConfig(), vocab_size=arguments.vocab, hidden_size=arguments.hidden,
        num_attention_heads=arguments.heads, num_hidden_layers=arguments.layers,
        intermediate_size=arguments.intermediate, max_position_embeddings=arguments.seq,
    )
    network = Network(config)
    network.initialise(torch.Generator().manual_seed(SEED), arguments.embedding_std)
    network.model.stream_type = machine.product_type
    network.to(machine.device)
    batches = Batches(arguments.work, arguments.seq, config.vocab_size)
    plan = make_plan(arguments)
    name = "decayed.pt" if arguments.decay_minutes else "checkpoint.pt"
    state = State(network, make_optimizers(network, arguments), arguments.run / name)
    if arguments.decay_minutes:
        state.resume_stage(arguments.run / "checkpoint.pt", with_optimizers=True)
    else:
        state.resume()
    if state.step == 0 and arguments.bigram_start:
        start_from_pairs(network, batches, arguments.embedding_std)
    vocabulary = VocabularySample(batches.token_counts(config.vocab_size), arguments.frequent, one_in=8)
    print(f"{arguments.frequent} frequent tokens cover {vocabulary.coverage:.1%} of the text")
    loop.run(machine, state, batches, plan, arguments, vocabulary)
    machine.end()


def make_plan(arguments):
    if arguments.open:
        return Open(arguments.warmup_tokens, arguments.open_depths, arguments.layers)
    if arguments.decay_minutes:
        return Decay(arguments.decay_minutes, arguments.full_softmax, arguments.layers)
    return Timed(arguments.minutes, arguments.warmup, arguments.decay, arguments.full_softmax, arguments.depths,
                 arguments.layers)


def start_from_pairs(network, batches, embedding_std):
    config = network.config
    factors = factorise(pair_counts(batches, config.vocab_size), config.hidden_size - 2, SEED)
    embedding, head = starting_weights(*factors, config.hidden_size, embedding_std, SEED)
    with torch.no_grad():
        network.model.embed_tokens.weight.copy_(embedding)
        network.lm_head.weight.copy_(head)
    print("embedding and head start from pair counts", flush=True)


if __name__ == "__main__":
    main()
