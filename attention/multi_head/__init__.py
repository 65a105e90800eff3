"""Several attentions side by side, and the keys and values that they keep.

Read `heads`, `attention` and `kv_cache`, in this order.
"""
