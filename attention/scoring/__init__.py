"""How well a key answers a query, and the weights and the mixture that follow from it.

Read `scores`, `scorers`, `scaled_dot_product`, `grouped_heads` and `fast`, in this order.
"""
