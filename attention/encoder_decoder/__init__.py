"""Attention from one sequence to another, alone and in a block, and what a decoder is asked.

Read `cross_attention`, `kept_memory`, `decoder_block` and `next_token`, in this order.
"""
