"""The network in plain PyTorch, parameter names as in Hugging Face `LlamaForCausalLM`.

Nothing here departs from that architecture: RMSNorm before each block, rotary positions in the
rotate-half form, grouped-query attention, SwiGLU, no biases. A state dict loads there unchanged, which
`tests/test_network.py` checks.

# Shapes
`ids` [batch, seq]; hidden states [batch, seq, hidden]; queries [batch, heads, seq, head_dim].

# Source
Llama: Touvron et al. 2023, arXiv 2302.13971, section 2.2. Zero-initialised output projections: a block
starts as the identity, as in modded-nanogpt (github.com/KellerJordan/modded-nanogpt).
"""

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn

from recipe.attention import causal_attention


@dataclass(frozen=True)
class NetworkConfig:
    vocab_size: int = 12288
    hidden_size: int = 384
    intermediate_size: int = 1024
    num_hidden_layers: int = 6
    num_attention_heads: int = 6
    num_key_value_heads: int = 2
    head_dim: int = 64
    max_position_embeddings: int = 256
    rope_theta: float = 10000.0
    rms_norm_eps: float = 1e-5

    def llama_config(self):
        """The same as a transformers `LlamaConfig`."""
        from transformers import LlamaConfig

        fields = asdict(self)
        theta = fields.pop("rope_theta")
        return LlamaConfig(
            **fields, rope_parameters={"rope_type": "default", "rope_theta": theta},
            tie_word_embeddings=False, bos_token_id=0, eos_token_id=0,
        )


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = (
            config.num_attention_heads, config.num_key_value_heads, config.head_dim)
        hidden = config.hidden_size
        self.q_proj = nn.Linear(hidden, self.heads * self.head_dim, bias=False)
        self.k_proj = nn.Linear(hidden, self.kv_heads * self.head_dim, bias=False)
        self.v_proj = nn.Linear(hidden, self.kv_heads * self.head_dim, bias=False)
        self.o_proj = nn.Linear(self.heads * self.head_dim, hidden, bias=False)

    def forward(self, x, cos, sin):
        batch, seq, _ = x.shape
        q = rotate(self.q_proj(x).view(batch, seq, self.heads, self.head_dim), cos, sin).transpose(1, 2)
        k = rotate(self.k_proj(x).view(batch, seq, self.kv_heads, self.head_dim), cos, sin).transpose(1, 2)
        v = self.v_proj(x).view(batch, seq, self.kv_heads, self.head_dim).transpose(1, 2)
        mixed = causal_attention(q, k, v)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, seq, self.heads * self.head_dim))


class FeedForward(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.input_layernorm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.mlp = FeedForward(config)

    def forward(self, x, cos, sin):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Block(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        cos, sin = rotary_tables(config)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        # Type of the hidden states between the blocks; the trainer sets bfloat16 where the processor multiplies it fast.
        self.stream_type = torch.float32

    def forward(self, ids, depth=None):
        """Hidden states after the first `depth` blocks (None: all) and the final norm."""
        x = self.embed_tokens(ids).to(self.stream_type)
        # In the type of the products: a wider table would widen everything after it.
        cos, sin = (table[: ids.shape[1], None].to(self.stream_type) for table in (self.cos, self.sin))
        for layer in self.layers[:depth]:
            x = layer(x, cos, sin)
        return self.norm(x)


class Network(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.model = Body(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)

    def forward(self, ids):
        """Logits [batch, seq, vocab]."""
        return self.lm_head(self.model(ids))

    def initialise(self, generator, embedding_std):
        """Random start; projections back into the residual stream and the head start at zero."""
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if parameter.dim() == 1:
                    parameter.fill_(1.0)
                elif "embed_tokens" in name:
                    parameter.normal_(0.0, embedding_std, generator=generator)
                elif name.endswith(("o_proj.weight", "down_proj.weight", "lm_head.weight")):
                    parameter.zero_()
                else:
                    parameter.normal_(0.0, parameter.shape[1] ** -0.5, generator=generator)


def rotary_tables(config):
    """cos and sin, [positions, head_dim]; the second half repeats the first (rotate-half form)."""
    half = torch.arange(0, config.head_dim, 2, dtype=torch.float32) / config.head_dim
    angles = torch.outer(torch.arange(config.max_position_embeddings).float(), config.rope_theta ** -half)
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    """Rotary positions for x [batch, seq, heads, head_dim]."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin
