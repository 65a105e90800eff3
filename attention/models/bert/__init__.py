"""BERT's encoder with real weights, and which of its heads does what.

Read `encoder`, `masked_word`, `restoring`, `names`, `pretrained` and `head_patterns`, in this
order.
"""
