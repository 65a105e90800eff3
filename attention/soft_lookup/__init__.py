"""A lookup that answers with a mixture: softmax, and the average that it weights.

Read `softmax`, `lookup` and `kernel_regression`, in this order.
"""
