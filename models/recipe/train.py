"""Trains the network, for a number of minutes or for as long as it is left running.

    python -m recipe.train --work WORK --run RUN --minutes 90            # a plan that ends by itself
    python -m recipe.train --work WORK --run RUN --open                  # constant rate until stopped, in many sittings
    python -m recipe.train --work WORK --run RUN --decay-minutes 60      # finishes what --open has reached so far

With `--minutes` the learning rate follows the share of the budget that is used up, not a step count: the speed of
a machine that does other things too cannot be foretold. `--decay-minutes` starts from `RUN/checkpoint.pt` and
writes `RUN/decayed.pt`, so that `--open` can go on later from where it was; started again it goes on with its own file.

Every `--save-minutes` the run is written to its file (weights, both optimizers, minutes used, position in the
data, curve), either old or new, never half; started again, it goes on from there with the next sequence. SIGTERM and
Ctrl-C save and end. `curve.jsonl` or `decayed.jsonl` holds one line per logged step.
"""

import argparse
import json
import math
import signal
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import torch

from recipe.batches import Batches
from recipe.bigram import factorise, pair_counts, starting_weights
from recipe.cores import IdleCores
from recipe.files import write_atomically
from recipe.loss import VocabularySample, compile_loss, head_loss
from recipe.muon import Muon
from recipe.network import Network, NetworkConfig
from recipe.schedule import Decay, Open, Timed

SEED = 20261122
CURVES = {"checkpoint.pt": "curve.jsonl", "decayed.pt": "decayed.jsonl"}


def main():
    run(parse_arguments())


def parse_arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder with tokens/")
    parser.add_argument("--run", type=Path, required=True, help="folder for checkpoint and curve")
    plan = parser.add_mutually_exclusive_group(required=True)
    plan.add_argument("--minutes", type=float, help="training time in all, resumes included")
    plan.add_argument("--open", action="store_true", help="warm up, then train at a constant rate until stopped")
    plan.add_argument("--decay-minutes", type=float, help="lower the rate to its end from RUN/checkpoint.pt on")
    parser.add_argument("--save-minutes", type=float, default=3.0)
    parser.add_argument("--batch", type=int, default=24, help="sequences a step")
    parser.add_argument("--seq", type=int, default=256)
    parser.add_argument("--layers", type=int, default=NetworkConfig.num_hidden_layers)
    parser.add_argument("--intermediate", type=int, default=NetworkConfig.intermediate_size)
    parser.add_argument("--hidden", type=int, default=NetworkConfig.hidden_size)
    parser.add_argument("--heads", type=int, default=NetworkConfig.num_attention_heads)
    parser.add_argument("--threads", type=int, default=2, help="most threads; fewer while other programs are busy")
    parser.add_argument("--products", choices=("auto", "float32", "bfloat16"), default="auto",
                        help="type of matrix products; auto: bfloat16 where the processor has instructions for it")
    parser.add_argument("--compile", action="store_true", help="torch.compile the blocks; needs a C++ compiler")
    parser.add_argument("--muon-lr", type=float, default=0.02)
    parser.add_argument("--embedding-lr", type=float, default=0.004)
    parser.add_argument("--embedding-std", type=float, default=0.5)
    parser.add_argument("--head-lr", type=float, default=0.0012)
    parser.add_argument("--norm-lr", type=float, default=0.01)
    parser.add_argument("--weight-decay", type=float, default=0.05, help="of the hidden matrices")
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
    parser.add_argument("--log-steps", type=int, default=10)
    return parser.parse_args(argv)


def run(arguments):
    torch.set_num_threads(arguments.threads)
    cores = IdleCores(arguments.threads)
    torch.manual_seed(SEED)
    arguments.run.mkdir(parents=True, exist_ok=True)
    config = replace(
        NetworkConfig(), hidden_size=arguments.hidden, num_attention_heads=arguments.heads,
        num_hidden_layers=arguments.layers, intermediate_size=arguments.intermediate,
        max_position_embeddings=arguments.seq,
    )
    network = Network(config)
    network.initialise(torch.Generator().manual_seed(SEED), arguments.embedding_std)
    network.model.stream_type = product_type(arguments.products)
    batches = Batches(arguments.work, arguments.seq)
    plan = make_plan(arguments)
    state = State(network, make_optimizers(network, arguments), arguments.run / "checkpoint.pt")
    if arguments.decay_minutes:
        state.resume_decay(arguments.run / "decayed.pt")
    else:
        state.resume()
    if arguments.compile:
        # Each block by itself: all share one compiled graph, and depth may grow without a new one.
        torch._inductor.config.cpp.dynamic_threads = True
        for layer in network.model.layers:
            layer.compile()
        compile_loss()
    if state.step == 0 and arguments.bigram_start:
        start_from_pairs(network, batches, arguments.embedding_std)
    vocabulary = VocabularySample(batches.token_counts(config.vocab_size), arguments.frequent, one_in=8)
    print(f"{arguments.frequent} frequent tokens cover {vocabulary.coverage:.1%} of the text")
    report(network, state)

    stop = StopRequest()
    last_save, last_log = time.monotonic(), time.monotonic()
    logged_loss, logged_tokens = [], 0
    while not stop.asked:
        started = time.monotonic()
        now = plan.now(state.tokens, state.minutes)
        if now.done:
            break
        for optimizer in state.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["base_lr"] * now.factor
        # Momentum warms up: early gradients turn quickly.
        state.optimizers[0].param_groups[0]["momentum"] = 0.85 + 0.10 * min(1.0, state.step / 200)

        torch.set_num_threads(cores.threads())
        inputs, targets = batches.batch(state.sequences, arguments.batch)
        sample = vocabulary.draw(state.step) if now.sampled else (None, None, None)
        with torch.autocast("cpu", network.model.stream_type, enabled=network.model.stream_type != torch.float32):
            hidden = network.model(inputs, now.depth)
        loss = head_loss(hidden, network.lm_head.weight, targets, sample)
        loss.backward()
        for optimizer in state.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

        state.step += 1
        state.sequences += arguments.batch
        state.tokens += targets.numel()
        state.minutes += (time.monotonic() - started) / 60
        logged_loss.append(loss.item())
        logged_tokens += targets.numel()
        if not math.isfinite(logged_loss[-1]):
            sys.exit(f"step {state.step}: loss {logged_loss[-1]}; lower the learning rates and start anew")
        if state.step % arguments.log_steps == 0:
            point = dict(
                step=state.step, minutes=round(state.minutes, 3), tokens=state.tokens,
                loss=round(sum(logged_loss) / len(logged_loss), 4), factor=round(now.factor, 4),
                sampled=now.sampled, depth=now.depth, threads=torch.get_num_threads(),
                tokens_per_second=round(logged_tokens / (time.monotonic() - last_log)),
            )
            state.curve.append(point)
            print(json.dumps(point), flush=True)
            last_log, logged_loss, logged_tokens = time.monotonic(), [], 0
        if time.monotonic() - last_save > arguments.save_minutes * 60:
            state.save(arguments)
            last_save = time.monotonic()
    state.save(arguments)
    print(f"saved at step {state.step}, {state.minutes:.1f} minutes", flush=True)


def make_plan(arguments):
    if arguments.open:
        return Open(arguments.warmup_tokens, arguments.open_depths, arguments.layers)
    if arguments.decay_minutes:
        return Decay(arguments.decay_minutes, arguments.full_softmax, arguments.layers)
    return Timed(arguments.minutes, arguments.warmup, arguments.decay, arguments.full_softmax, arguments.depths,
                 arguments.layers)


def product_type(wanted):
    if wanted != "auto":
        return getattr(torch, wanted)
    return torch.bfloat16 if torch.ops.mkldnn._is_mkldnn_bf16_supported() and fast_bfloat16() else torch.float32


def fast_bfloat16():
    """Without instructions for bfloat16 its products are several times slower than float32's."""
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def start_from_pairs(network, batches, embedding_std):
    config = network.config
    factors = factorise(pair_counts(batches, config.vocab_size), config.hidden_size - 2, SEED)
    embedding, head = starting_weights(*factors, config.hidden_size, embedding_std, SEED)
    with torch.no_grad():
        network.model.embed_tokens.weight.copy_(embedding)
        network.lm_head.weight.copy_(head)
    print("embedding and head start from pair counts", flush=True)


def make_optimizers(network, arguments):
    """Muon for the matrices of the blocks, AdamW for embedding, head and norms."""
    matrices = [p for name, p in network.named_parameters() if p.dim() == 2 and ".layers." in name]
    norms = [p for p in network.parameters() if p.dim() == 1]
    muon = Muon([dict(params=matrices)], lr=arguments.muon_lr, weight_decay=arguments.weight_decay,
                product_type=network.model.stream_type)
    adam = torch.optim.AdamW(
        [
            dict(params=[network.model.embed_tokens.weight], lr=arguments.embedding_lr),
            dict(params=[network.lm_head.weight], lr=arguments.head_lr),
            dict(params=norms, lr=arguments.norm_lr),
        ],
        betas=(0.8, 0.95), eps=1e-10, weight_decay=0.0, fused=True,
    )
    for optimizer in (muon, adam):
        for group in optimizer.param_groups:
            group["base_lr"] = group["lr"]
    return [muon, adam]


class State:
    """All that a resumed run needs."""

    def __init__(self, network, optimizers, path):
        self.network, self.optimizers, self.path = network, optimizers, path
        self.step, self.sequences, self.tokens, self.minutes, self.curve = 0, 0, 0, 0.0, []

    def resume_decay(self, path):
        """Goes on with a decay, or starts one: its minutes count from 0, its data and momentum go on."""
        started = path.exists()
        if not started and not self.path.exists():
            sys.exit(f"{self.path} is missing: train with --open first")
        if not started:
            self.resume()
            self.minutes, self.curve = 0.0, []
        self.path = path
        self.resume()

    def resume(self):
        if not self.path.exists():
            return
        saved = torch.load(self.path, weights_only=True)
        # The context may change between sittings: no weight depends on it.
        if (saved["config"] | {"max_position_embeddings": 0}) != (
                asdict(self.network.config) | {"max_position_embeddings": 0}):
            sys.exit(f"{self.path} holds another network ({saved['config']}); use its options or another --run folder")
        self.network.load_state_dict(saved["network"])
        for optimizer, held in zip(self.optimizers, saved["optimizers"]):
            base = [group["base_lr"] for group in optimizer.param_groups]
            optimizer.load_state_dict(held)
            for group, rate in zip(optimizer.param_groups, base):
                group["base_lr"] = rate
        self.step, self.sequences, self.tokens = saved["step"], saved["sequences"], saved["tokens"]
        self.minutes, self.curve = saved["minutes"], saved["curve"]

    def save(self, arguments):
        saved = dict(
            config=asdict(self.network.config), network=self.network.state_dict(),
            optimizers=[optimizer.state_dict() for optimizer in self.optimizers],
            step=self.step, sequences=self.sequences, tokens=self.tokens, minutes=self.minutes, curve=self.curve,
            arguments={key: str(value) for key, value in vars(arguments).items()},
        )
        write_atomically(self.path, lambda file: torch.save(saved, file))
        lines = "".join(json.dumps(point) + "\n" for point in self.curve)
        write_atomically(self.path.with_name(CURVES[self.path.name]), lambda file: file.write(lines.encode()))


class StopRequest:
    """Set by SIGTERM or Ctrl-C; the step in progress is finished first."""

    def __init__(self):
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask)

    def ask(self, number, frame):
        self.asked = True


def report(network, state):
    total = sum(p.numel() for p in network.parameters())
    print(f"{total:,} parameters, starting at step {state.step}, minute {state.minutes:.1f}", flush=True)


if __name__ == "__main__":
    main()
