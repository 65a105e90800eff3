"""Attention from one sequence to another, alone and in a block.

Read `cross_attention` and `decoder_block`, in this order.
"""
