"""What the steps run on: the processor or a GPU, alone or one of several under `torchrun`.

Under `torchrun` every process reads its own part of each step's sequences, the gradients are averaged before the
optimizers step, and the first process decides how far the run is and when it ends. Nothing else differs, so a run may
go on with another number of processes.
"""

import os

import torch
import torch.distributed as dist

from recipe.cores import IdleCores


class Machine:
    """`device` auto, cpu or cuda; `products` auto, float32 or bfloat16; `threads` at most, on a processor."""

    def __init__(self, device, products, threads):
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        if device == "cuda" and not torch.cuda.is_available():
            raise SystemExit("no GPU that PyTorch can use was found; use --device cpu")
        self.kind, self.threads = device, threads
        self.rank, self.count = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        self.device = torch.device(device)
        if device == "cuda":
            self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
            torch.cuda.set_device(self.device)
        if self.count > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if device == "cuda" else "gloo")
        torch.set_num_threads(threads)
        self.cores = IdleCores(threads)
        self.product_type = product_type(products, device)

    @property
    def first(self):
        """Is this the process that writes files and lines?"""
        return self.rank == 0

    def autocast(self):
        return torch.autocast(self.kind, self.product_type, enabled=self.product_type != torch.float32)

    def begin_step(self):
        """Threads of this step: what other programs leave idle."""
        if self.kind == "cpu":
            torch.set_num_threads(self.cores.threads())

    def send(self, *tensors):
        """The tensors (or Nones) on the device."""
        return [None if tensor is None else tensor.to(self.device, non_blocking=True) for tensor in tensors]

    def share_weights(self, network):
        """Every process starts from the first one's weights."""
        if self.count > 1:
            for parameter in network.parameters():
                dist.broadcast(parameter.data, 0)

    def average_gradients(self, network):
        if self.count > 1:
            for parameter in network.parameters():
                if parameter.grad is not None:
                    dist.all_reduce(parameter.grad)
                    parameter.grad.div_(self.count)

    def agree(self, minutes, stop):
        """(minutes, stop) of the first process, everywhere."""
        if self.count == 1:
            return minutes, stop
        values = torch.tensor([minutes, float(stop)], dtype=torch.float64, device=self.device)
        dist.broadcast(values, 0)
        return values[0].item(), bool(values[1].item())

    def end(self):
        if self.count > 1:
            dist.destroy_process_group()


def product_type(wanted, device="cpu"):
    if wanted != "auto":
        return getattr(torch, wanted)
    if device == "cuda":
        return torch.bfloat16
    return torch.bfloat16 if torch.ops.mkldnn._is_mkldnn_bf16_supported() and fast_bfloat16() else torch.float32


def fast_bfloat16():
    """Without instructions for bfloat16 its products are several times slower than float32's."""
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
