"""Recurrent translators, without attention and with it.

Read `seq2seq`, `fixed_context`, `bahdanau`, `luong` and `mirroring`, in this order.
"""
