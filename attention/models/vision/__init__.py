"""Models that read images: a Vision Transformer and a convolutional network.

Read `vit`, `digit_cnn` and `reading_digits`, in this order.
"""
