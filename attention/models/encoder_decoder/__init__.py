"""The whole Transformer, and what trains it.

Read `translator` and `translating`, in this order.
"""
