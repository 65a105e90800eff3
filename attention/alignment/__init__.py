"""A decoder that looks back at its source: the context, and how to take the wheel.

Read `context` and `steering`, in this order.
"""
