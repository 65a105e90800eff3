"""Answers that end a check by an exception, and words of the hint that each must get."""

TOP = "import math\nimport numpy as np\nimport torch\nfrom torch import nn\n"
SOFTMAX = "def softmax(scores):\n    e = scores.exp()\n    return {}\n"
ATTEND = "def scaled_dot_product_attention(query, key, value, mask=None):\n{}"
SELF = "class SelfAttention(nn.Module):\n    def __init__(self, d_model, head_dim):\n        {}\n"
SELF += "    def forward(self, x, mask=None):\n        return self.to_key(x)\n"


DETACHED = """
def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.mT / query.shape[-1] ** 0.5
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    scores = scores.masked_fill(~mask, -math.inf)
    weights = torch.where(mask.any(-1, keepdim=True), scores.softmax(-1), 0.0)
    return weights.detach() @ value
"""


def attend(*lines):
    return ATTEND.format("".join(f"    {line}\n" for line in lines))


# name: (the exercise, its chapter, the answer, words of the hint)
CRASHES = {
    # --- shapes
    "a product": (
        "scaled_dot_product_attention", "scoring", attend("return query @ key"),
        "`query @ key` is (2, 4, 6) times (2, 5, 6). A matrix product needs the last axis on the "
        "left as long as the last but one on the right; here they are 6 and 5",
    ),
    "a product in a longer line": (
        "scaled_dot_product_attention", "scoring",
        attend("return (query @ key.transpose(0, 1) / 2).softmax(-1) @ value"),
        "`query @ key.transpose(0, 1)` is (2, 4, 6) times (5, 2, 6). The axes in front",
    ),
    "a product with another's map": (
        "cross_attention", "encoder_decoder",
        "def cross_attention(x, memory, w_query, w_key, w_value, mask=None):\n"
        "    return x @ w_query.T\n",
        "here they are 12 and 3",
    ),
    "a product of two vectors": (
        "softmax", "soft_lookup", SOFTMAX.format("torch.ones(3) @ torch.ones(4)"), "are 3 and 4"),
    "a sum that took the axis away": (
        "softmax", "soft_lookup", SOFTMAX.format("e / e.sum(-1)"),
        "`e / e.sum(-1)` puts (2, 3, 4) and (2, 3) together. Shapes are lined up at their last "
        "axes, and there two lengths fit if they are equal or one of them is 1; here 4 and 3 meet",
    ),
    "einsum": (
        "scaled_dot_product_attention", "scoring",
        attend("return torch.einsum('qd,kd->qk', query, key)"), "a letter for each axis"),
    "einsum of two lengths": (
        "scaled_dot_product_attention", "scoring",
        attend("return torch.einsum('bqd,bdk->bqk', query, key)"), "The letter d"),
    "cat": ("softmax", "soft_lookup", SOFTMAX.format("torch.cat([e, e[..., :2, :3]], 0)"),
            "all but the axis"),
    "stack": ("softmax", "soft_lookup", SOFTMAX.format("torch.stack([e, e[..., :2]])"),
              "of one shape"),
    "a view that pours": (
        "merge_heads", "multi_head",
        "def merge_heads(x):\n    b, h, n, d = x.shape\n"
        "    return x.transpose(1, 2).view(b, n, h * d)\n",
        "in memory"),
    "a shape of another size": (
        "merge_heads", "multi_head", "def merge_heads(x):\n    return x.reshape(2, 5, 13)\n",
        "multiplied"),
    "a length below zero": (
        "softmax", "soft_lookup", SOFTMAX.format("torch.ones(-len(e.shape))"), "below zero"),
    "expand": ("softmax", "soft_lookup", SOFTMAX.format("e.expand(2, 9, 4)"), "9 and 3 meet"),
    "a mask as an index": (
        "softmax", "soft_lookup", SOFTMAX.format("e[torch.ones(2, 1, 4).bool()]"), "masked_fill"),
    "an axis that is not there": (
        "softmax", "soft_lookup", SOFTMAX.format("e.sum(5)"), "Axes are counted"),
    "an index beyond the end": (
        "softmax", "soft_lookup", SOFTMAX.format("e[7]"), "Counting begins at 0"),
    "a list's end": ("softmax", "soft_lookup", SOFTMAX.format("[e][1]"), "Counting begins at 0"),
    "too few to unpack": (
        "patchify", "vision", "def patchify(images, patch):\n    b, c, h, w = images.shape\n",
        "as many names"),
    "what the check cannot go on with": (
        "attention_weights", "scoring",
        "def attention_weights(query, key, mask=None):\n"
        "    w = (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1)\n"
        "    return w if mask is None else w.sum()\n",
        "the stub's `Returns`"),
    # --- something else than a tensor
    "a pair from max": (
        "softmax", "soft_lookup", SOFTMAX.format("scores - scores.max(-1, keepdim=True)"),
        "`.values`"),
    "a pair from a GRU": (
        "softmax", "soft_lookup", SOFTMAX.format("nn.GRU(4, 4)(e) @ e"), "several things at once"),
    "a pair returned": ("softmax", "soft_lookup", SOFTMAX.format("e, e"), "several things at once"),
    "a list returned": ("softmax", "soft_lookup", SOFTMAX.format("e.tolist()"), "torch.stack"),
    "an array returned": ("softmax", "soft_lookup", SOFTMAX.format("e.numpy()"), "NumPy"),
    "a number returned": ("softmax", "soft_lookup", SOFTMAX.format("e.sum().item()"), ".item()"),
    "an array in a product": (
        "softmax", "soft_lookup", SOFTMAX.format("np.ones((2, 4, 4)) @ e"), "NumPy"),
    "a list in a sum": ("softmax", "soft_lookup", SOFTMAX.format("e + [1, 2]"), "torch.stack"),
    "a number in exp": ("softmax", "soft_lookup", SOFTMAX.format("torch.exp(2.0)"), "plain number"),
    "a float for a size": (
        "split_heads", "multi_head",
        "def split_heads(x, n_heads):\n    return x.view(2, 5, n_heads, 12 / n_heads)\n", "`//`"),
    "many for one": ("softmax", "soft_lookup", SOFTMAX.format("math.exp(scores)"), "one number"),
    "None returned": ("softmax", "soft_lookup", "def softmax(scores):\n    scores + 1\n",
                      "stands after `return`"),
    "None from a helper": (
        "softmax", "soft_lookup", "def f(x): x + 1\n" + SOFTMAX.format("f(scores) / e"),
        "stands after `return`"),
    "None returned at times": (
        "attention_weights", "scoring",
        "def attention_weights(query, key, mask=None):\n"
        "    if mask is None:\n"
        "        return (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1)\n",
        "stands after `return`"),
    "the truth of a tensor": (
        "softmax", "soft_lookup", "def softmax(scores):\n    if scores: pass\n", "is not None"),
    # --- gradients
    "detached": ("scaled_dot_product_attention", "scoring", DETACHED, "`.detach()`"),
    "numpy of what learns": (
        "SelfAttention", "self_attention",
        SELF.format("super().__init__()\n        nn.Linear(3, 3).weight.numpy()"),
        "knows no gradient"),
    "backward of what never required it": (
        "softmax", "soft_lookup", SOFTMAX.format("e.sum().backward()"), "requires a gradient"),
    "grad of many": (
        "influence", "why_attention",
        "def influence(model, x):\n    x = x.clone().requires_grad_()\n"
        "    return torch.autograd.grad(model(x[None])[0, -1], x)[0]\n", "one number"),
    # --- dtypes
    "float64 against float32": (
        "softmax", "soft_lookup", SOFTMAX.format("torch.ones(2, 4, 3).double() @ e"), "float64"),
    "integers": ("softmax", "soft_lookup", SOFTMAX.format("torch.arange(3).mean()"),
                 "whole numbers"),
    "complex": (
        "log_mel_frames", "speech",
        "def log_mel_frames(wave, rate, size, step, n_mels):\n"
        "    frames = wave.unfold(-1, size, step)\n"
        "    return torch.fft.rfft(frames) ** 2 @ torch.ones(size // 2 + 1, n_mels)\n", "complex"),
    "minus a mask": ("softmax", "soft_lookup", SOFTMAX.format("1 - (scores > 0)"), "`~`"),
    "a mask of floats": (
        "softmax", "soft_lookup", SOFTMAX.format("e.masked_fill(e, 0.0)"), "boolean"),
    "another dtype returned": (
        "influence", "why_attention",
        "def influence(model, x):\n"
        "    (j,) = torch.autograd.functional.jacobian(lambda y: model(y[None])[0, -1], (x,))\n"
        "    return j.norm(dim=(0, 2)).float()\n", "float32"),
    # --- names
    "a misspelt name": (
        "softmax", "soft_lookup", SOFTMAX.format("e / e.sum(-1, keepdim=True) + scroes"),
        "`scores`"),
    "a name that is nowhere": (
        "softmax", "soft_lookup", SOFTMAX.format("e * quux"), "`quux`"),
    "a misspelt method": ("softmax", "soft_lookup", SOFTMAX.format("e.softmaxx(-1)"), "`softmax`"),
    "a misspelt part": (
        "SelfAttention", "self_attention",
        SELF.format("super().__init__()\n        self.to_kye = nn.Linear(d_model, head_dim)"),
        "`to_kye`"),
    "super().__init__ forgotten": (
        "SelfAttention", "self_attention",
        SELF.format("self.to_key = nn.Linear(d_model, head_dim)"), "`super().__init__()`"),
    "of the package": (
        "context", "alignment",
        "def context(state, memory, lengths, scorer):\n"
        "    scores = scorer(state[:, None], memory)\n"
        "    return masked_softmax(scores, None)\n", "from attention import masked_softmax"),
    "a local used too early": (
        "softmax", "soft_lookup", "def softmax(scores):\n    e = e.exp()\n    return e\n",
        "before it has a value"),
    # --- calls
    "an argument forgotten": (
        "softmax", "soft_lookup", SOFTMAX.format("torch.cumsum(e)"), "arguments"),
    "a parameter forgotten": ("softmax", "soft_lookup", "def softmax(): return 0\n", "the stub"),
    "a tensor called": ("softmax", "soft_lookup", SOFTMAX.format("e(2)"), "Brackets"),
    "no end": ("softmax", "soft_lookup", "def softmax(scores):\n    return softmax(scores)\n",
               "calls itself"),
    "its own refusal": (
        "softmax", "soft_lookup", "def softmax(scores):\n    raise ValueError('no')\n",
        "Your own `raise`"),
    "its own assertion": (
        "softmax", "soft_lookup", "def softmax(scores):\n    assert scores.dim() == 7\n",
        "Your own `assert`"),
    "the package's refusal": (
        "EncoderBlock", "transformer",
        "from attention import MultiHeadAttention\n"
        "class EncoderBlock:\n"
        "    def __init__(self, d_model, n_heads, d_ff): MultiHeadAttention(n_heads, d_model)\n",
        "The package refuses"),
    # --- in place, divided, elsewhere
    "a leaf written to": (
        "softmax", "soft_lookup",
        SOFTMAX.format("scores.clone().requires_grad_().mul_(2)"), "in place"),
    "an expanded view written to": (
        "softmax", "soft_lookup", SOFTMAX.format("torch.zeros(1).expand(3).add_(1)"), "in place"),
    "shares that are none": (
        "generate", "gpt",
        "def generate(model, prompt, n_new, temperature=0.0):\n"
        "    scores = model(prompt)[:, -1] / temperature\n"
        "    return torch.multinomial(scores.softmax(-1), 1)\n", "divided by"),
    "a division by zero": ("softmax", "soft_lookup", SOFTMAX.format("e * (1 / 0)"), "is zero"),
    "another device": (
        "softmax", "soft_lookup", SOFTMAX.format("e + torch.ones(4, device='meta')"), "device"),
    "a GPU": ("softmax", "soft_lookup", SOFTMAX.format("e.cuda()"), "device"),
    "nothing known": (
        "softmax", "soft_lookup", SOFTMAX.format("torch.linalg.inv(torch.zeros(2, 2))"), ""),
}  # fmt: skip
