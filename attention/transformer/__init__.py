"""The blocks of which Transformers are stacked.

Read `feed_forward`, `residual`, `encoder_block`, `stack`, `rms_norm` and `swiglu`, in this order.
"""
