"""Several attentions side by side, and the keys and values that they keep.

Read `heads`, `attention`, `from_torch` and `kv_cache`, in this order.
"""
