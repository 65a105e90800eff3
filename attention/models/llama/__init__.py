"""A language model of the Llama family, with real weights.

Read `model`, `gguf_file`, `tokens`, `names`, `pretrained` and `peer`, in this
order.
"""
