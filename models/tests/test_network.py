"""Our network gives the same logits as Hugging Face `LlamaForCausalLM` with the same weights."""

import unittest

try:
    import torch
    from transformers import LlamaForCausalLM

    from recipe.network import Network, NetworkConfig
except ImportError as missing:
    raise unittest.SkipTest(f"{missing}: install models/requirements.txt") from None

SMALL = NetworkConfig(
    vocab_size=96, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, head_dim=8, max_position_embeddings=32,
)


class AgainstTransformers(unittest.TestCase):
    def test_logits_agree(self):
        network = Network(SMALL).eval()
        generator = torch.Generator().manual_seed(3)
        with torch.no_grad():
            for parameter in network.parameters():
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.copy_(1 + 0.1 * noise if parameter.dim() == 1 else 0.2 * noise)
        theirs = LlamaForCausalLM(SMALL.llama_config()).eval()
        theirs.load_state_dict(network.state_dict())
        ids = torch.randint(0, 96, (2, 20), generator=generator)
        with torch.no_grad():
            difference = (network(ids) - theirs(ids).logits).abs().max().item()
        self.assertLess(difference, 1e-4)

    def test_blocks_start_as_identity(self):
        network = Network(SMALL)
        network.initialise(torch.Generator().manual_seed(4), 0.5)
        ids = torch.arange(10)[None]
        self.assertTrue(torch.equal(network.model(ids), network.model(ids, 0)))


if __name__ == "__main__":
    unittest.main()
