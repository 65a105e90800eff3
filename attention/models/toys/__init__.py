"""Small models for the pages, each for a task whose right attention is known.

Read `recall`, `next_item`, `order`, `bare_heads`, `two_questions`, `deep` and `linear_recall`,
in this order.
"""
