"""Recipe of the `sotto-nano` language model: from text to a quantised pack.

One module per step, each a command: `prepare`, `tokenizer`, `encode`, `train`, `evaluate`, `quantize`,
`card`. `models/README.md` lists them in order.
"""
