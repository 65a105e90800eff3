"""Looking into a trained model, and asking whether what one sees is what it uses.

Read `ablation`, `rollout`, `importance` and `digit_maps`, in this order.
"""
