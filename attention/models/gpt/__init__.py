"""GPT-2's decoder, what trains it, and how it writes.

Read `model`, `training_step`, `generation`, `ngram`, `storyteller`, `heads` and `gpt2`, in this
order.
"""
