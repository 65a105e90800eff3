"""The blocks of which Transformers are stacked.

Read `feed_forward`, `residual`, `encoder_block` and `stack`, in this order.
"""
