"""What reaches what: how far a network carries news along a sequence.

Read `influence` and `paths`, in this order.
"""
