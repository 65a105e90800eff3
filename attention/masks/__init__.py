"""Masks: who may attend to whom.

One contract in the whole book. A mask is boolean, True means "may attend", and it broadcasts to
the scores (batch, query_len, key_len). A module with heads inserts the head axis itself into a
mask with two or three axes; a mask with four axes is taken as it is. A query with nothing to
attend to gets zeros. A window of w counts the token itself. Other libraries read masks in other
ways, and count windows in others: see `conventions` and `window_conventions`.

Read `causal`, `padding`, `patterns`, `join`, `conventions`, `window_conventions` and `checks`, in
this order.
"""
