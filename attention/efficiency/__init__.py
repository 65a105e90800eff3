"""The same attention held in less memory, and kinds that compute less.

Read `online_softmax`, `tiles`, `row_blocks`, `flash`, `tiled`, `sliding_window` and
`linear_attention`, in this order.
"""
