"""Order, which attention does not see by itself: five ways to put it in.

Read `sinusoidal`, `rotary`, `distance`, `alibi` and `relative_bias`, in this order.
"""
