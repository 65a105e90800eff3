"""Models that name the word in a recording.

Read `mean_of_parts`, `listener` and `listening`, in this order.
"""
