"""Models that name the next item of a session, and how they are judged.

Read `counting`, `sasrec`, `recommending` and `ranking`, in this order.
"""
