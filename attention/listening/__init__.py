"""Where a model that writes down speech looks in the sound, held to when the words were said.

Read `alignment_error`, `spoken` and `without`, in this order.
"""
