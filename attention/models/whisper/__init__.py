"""Whisper, which writes down what is said: encoder and decoder of the book's blocks, real weights.

Read `encoder`, `decoder`, `model`, `names`, `from_ctranslate2`, `vocabulary`,
`pretrained` and `transcribing`, in this order.
"""
