"""Command-line options that pre-training and tuning share."""

from pathlib import Path


def add_shared(parser):
    parser.add_argument("--work", type=Path, required=True, help="folder with tokens/")
    parser.add_argument("--run", type=Path, required=True, help="folder for checkpoint and curve")
    parser.add_argument("--until-tokens", type=float, default=float("inf"), help="stop when so many were read in all")
    parser.add_argument("--save-minutes", type=float, default=3.0)
    parser.add_argument("--batch", type=int, default=24, help="sequences a step, of each process")
    parser.add_argument("--threads", type=int, default=2, help="most threads; fewer while other programs are busy")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: a GPU if there is one")
    parser.add_argument("--products", choices=("auto", "float32", "bfloat16"), default="auto",
                        help="type of matrix products; auto: bfloat16 where the machine has instructions for it")
    parser.add_argument("--compile", action="store_true", help="torch.compile the blocks; needs a C++ compiler")
    parser.add_argument("--muon-lr", type=float, default=0.02)
    parser.add_argument("--embedding-lr", type=float, default=0.004)
    parser.add_argument("--head-lr", type=float, default=0.0012)
    parser.add_argument("--norm-lr", type=float, default=0.01)
    parser.add_argument("--weight-decay", type=float, default=0.05, help="of the hidden matrices")
    parser.add_argument("--log-steps", type=int, default=10)
