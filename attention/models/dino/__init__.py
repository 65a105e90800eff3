"""DINOv2: a Vision Transformer with real weights, and what its heads look at.

Read `model`, `names`, `onnx_file`, `pretrained`, `looking` and `peer`, in this order.
"""
