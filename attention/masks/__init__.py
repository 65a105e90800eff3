"""Masks: who may attend to whom.

One contract in the whole book. A mask is boolean, True means "may attend", and it broadcasts to
the scores (batch, query_len, key_len). A module with heads inserts the head axis itself into a
mask with two or three axes; a mask with four axes is taken as it is. A query with nothing to
attend to gets zeros. Other libraries read masks in other ways: see `conventions`.

Read `causal`, `padding`, `patterns`, `join`, `conventions` and `checks`, in this order.
"""
