"""A language model of the Llama family, with real weights.

Read `model`, `gguf_file`, `tokens`, `names` and `pretrained`, in this order.
"""
