"""What an exception means to the learner who meets it: the one table of words and hints.

A crash says nothing of the idea that the check is after, so its own hint is not shown.
"""

NOTHING = (
    "A function hands back what stands after `return`, and None where there is none. An optional "
    "argument that nobody gave is None, too."
)
SEVERAL = (
    "A tuple came where one tensor is needed. `max(dim)`, `sort`, a GRU and nn.MultiheadAttention "
    "give several things at once, and so does `return a, b`: take the one that is meant, for "
    "instance `.values`."
)
LIST = (
    "A list came where a tensor is needed. torch.stack puts a list of tensors along a new axis, "
    "torch.cat along one that is there."
)
ARRAY = (
    "A NumPy array came where a tensor is needed. torch has the same functions, and through them "
    "gradients find their way, which NumPy cuts off."
)
NUMBER = (
    "A plain number came where a tensor is needed. `.item()`, float() and the functions of `math` "
    "make numbers; torch's own functions keep tensors."
)
#: what may come where a tensor should: the beginning of the type's name, and the hint
INSTEAD_OF_A_TENSOR = {
    "None": NOTHING,
    "tuple": SEVERAL,
    "torch.return_types": SEVERAL,
    "list": LIST,
    "numpy.ndarray": ARRAY,
    "ndarray": ARRAY,
    "numpy.float": NUMBER,
    "float": NUMBER,
    "int": NUMBER,
}

PRODUCT = (
    "A matrix product needs the last axis on the left as long as the last but one on the right; "
    "here they are {a} and {b}. Write the shape of each step beside it: which axis should be "
    "summed over?"
)
MEET = (
    "Shapes are lined up at their last axes, and there two lengths fit if they are equal or one of "
    "them is 1; here {a} and {b} meet. Is an axis of 1 missing (`[:, None]`, keepdim=True), or in "
    "the wrong place?"
)
AXES = "Axes are counted from 0, or from the end as −1, −2, …: those work for any number of axes."
INDEX = "Counting begins at 0, so the last of n is n − 1. Which index comes out, and of how many?"
RESHAPE = (
    "A new shape holds as many numbers as the old one: its lengths, multiplied, give the same. "
    "Which axis did you forget, or count twice?"
)
FRONT = (
    "The axes in front of a product's last two count the matrices: two lengths there fit if they "
    "are equal or one of them is 1; here {a} and {b} meet. Which two axes should change places?"
)
FLOAT64 = (
    "Two dtypes meet, such as float32 and float64. A tensor made anew is float32 (whole numbers "
    "are int64) unless `dtype=` says more: make yours of the dtype of what came in."
)
ANOTHER_DTYPE = (
    "A result has the dtype of what came in. A tensor made anew is float32 (of whole numbers "
    "int64) unless `dtype=` says more, and .float(), .long() and comparisons change it."
)
WHOLE = "These are whole numbers, or True and False, and this needs floats: `.float()` makes them."
ONE_NUMBER = (
    "This wants one number, and the tensor has many. `math` and float() take numbers; torch's "
    "functions of the same names take tensors."
)
NO_GRADIENT = (
    "A gradient ends at `.detach()`, `.data`, `.item()`, `.tolist()`, `.numpy()`, at a tensor made "
    "anew from numbers (torch.tensor), and at all that stands under torch.no_grad(). Which of them "
    "is on the way?"
)
NOT_REQUIRED = "Nothing that went in requires a gradient, or it was cut off. " + NO_GRADIENT
IN_PLACE = (
    "`+=`, `*=`, `x[…] =` and methods whose name ends in _ change a tensor in place, here one that "
    "somebody else still needs. Write `x = x + 1`, or change a `.clone()`."
)
NO_SHARES = (
    "NaN or infinity stands where shares should. What was divided by zero, or which row was hidden "
    "throughout, before this line?"
)
DEVICE = "Two devices meet, or there is no such device here: make tensors on that of what came in."
CALL = "Count the arguments: which does it take, in which order, and which do you give by name?"
STUB = "The check calls your code as the stub is written: keep its names and their order."
RETURNED = "Compare the shape of what you return, for what came in here, with the stub's `Returns`."
BRACKETS = "Brackets after a name call it as a function. What stands there is none: is it `[…]`?"
TRUTH = (
    "`if` needs one yes or no, and a tensor has one for each entry. To ask whether an argument was "
    "given, compare it with None: `is not None`."
)
RECURSION = "Your code calls itself without an end. Was another function of the same name meant?"
OWN = "Your own `{word}` stopped it. What came in is what the stub allows: is the condition right?"
PACKAGE = (
    "The package refuses what it was given, and says what it takes. Compare that with what you "
    "hand it, argument by argument."
)

#: (what to find in "Type: text", the hint, in which {a} and {b} are what was found), first come
TABLE = [
    (r"batch2 tensor to be: \[\d+, (?P<a>\d+)\] but got: \[\d+, (?P<b>\d+)\]", PRODUCT),
    (r"shapes cannot be multiplied \(\d+x(?P<a>\d+) and (?P<b>\d+)x", PRODUCT),
    (r"size mismatch, got input \(\d+\), mat \(\d+x(?P<a>\d+)\), vec \((?P<b>\d+)\)", PRODUCT),
    (r"expected tensor \[(?P<a>\d+)\] and src \[(?P<b>\d+)\]", PRODUCT),
    (r"size of (?:the )?tensor a? ?\((?P<a>\d+)\) must match .*?\((?P<b>\d+)\)", MEET),
    (r"output with shape|value tensor of shape",
     "What is written must fit into where it goes: that keeps its shape. " + AXES),
    (r"subscript (?P<a>\w) has size", "The letter {a} names two axes, and they differ in length. "
     "Which axis should share a letter with which?"),
    (r"einsum\(\): the number of subscripts", "einsum needs a letter for each axis, or `...` for "
     "those in front."),
    (r"Sizes of tensors must match except|same number of dimensions",
     "torch.cat joins tensors that agree in all but the axis along which they are joined."),
    (r"stack expects", "torch.stack takes tensors of one shape, and lays them along a new axis."),
    (r"view size is not compatible", "After two axes have changed places, the numbers do not lie "
     "in memory in the order of the axes, and view refuses. reshape copies them where it must."),
    (r"negative dimension|negative value|lengths? must be non-negative",
     "A length came out below zero. Which size is subtracted from which, and may it be larger?"),
    (r"is invalid for input of size|don't multiply up to", RESHAPE),
    (r"normalized_shape", "LayerNorm is made for the length of the last axis: which is it here?"),
    (r"The shape of the mask", "`masked_fill` and `where` broadcast. Indexing with a mask needs "
     "the full shape."),
    (r"Dimension out of range|too many indices|number of dimensions|repeat dims|must be a matrix|"
     r"0-d(im)? tensor|at least 2 dim|must be 1 or 2 dim", AXES),
    (r"out of bounds|out of range|KeyError", INDEX),
    (r"values to unpack", "There must be as many names on the left as things on the right. "
     "`*others, n = x.shape` takes any number of axes."),
    (r"Boolean value of Tensor with more", TRUTH),
    (r"c10::complex|Complex(?:Float|Double)", "These numbers are complex. What has the form "
     "a + bi becomes real by `.abs()`; its square is the power."),
    (r"(?:Subtraction|Negation), the `-`", "Of True and False the opposite is `~`, not minus."),
    (r"only supports boolean masks|condition to be a boolean|operator\.invert",
     "A mask is boolean: a comparison, such as `x > 0`, or `.bool()` makes one."),
    (r"used as indices|valid indices|dtype int32 or int64|types: Long, Int|to an index",
     "An index is a whole number: `//` gives one where `/` does not; `.long()` makes a tensor of "
     "them."),
    (r"must be (?:tuple of )?ints?, ?(?:not|but got) float|combination.*got \(.*float|"
     r"'float' object cannot be interpreted", "`/` gives a float, of whole numbers too; `//` gives "
     "a whole number."),
    (r"not implemented for '(?:Long|Int|Bool)|could not infer output dtype|can't be cast|"
     r"to type int|floating point (?:and complex )?dtype|floating point input", WHOLE),
    (r"same dtype|scalar type|dtypes match|Double and Float", FLOAT64),
    (r"does not require grad", NOT_REQUIRED),
    (r"not have been used in the graph", NO_GRADIENT),
    (r"numpy\(\) on Tensor", "NumPy knows no gradient, so this tensor may not go there. " + ARRAY),
    (r"only for scalar outputs", "A gradient is that of one number. Sum what has many, take one at "
     "a time, or hand over how much each counts."),
    (r"second time", "A graph is kept for one backward. retain_graph=True keeps it for more."),
    (r"in-?place|single memory location", IN_PLACE),
    (r"one element tensors|cannot be converted to Scalar", ONE_NUMBER),
    (r"`inf`, `nan`", NO_SHARES),
    (r"ZeroDivisionError", "Which number is zero here? What should come out where it is, and "
     "needs no division?"),
    (r"device|CUDA", DEVICE),
    (r"RecursionError", RECURSION),
    (r"UnboundLocalError", "This name is used before it has a value on this way through the "
     "function. Where should its first value come from?"),
    (r"before Module\.__init__|assign module before", "A module of yours begins its __init__ with "
     "`super().__init__()`."),
    (r"object is not callable", BRACKETS),
    (r"missing \d+ required|unexpected keyword|positional arguments? but|invalid combination|"
     r"multiple values for", CALL),
    (r"'NoneType'|NoneType object|not NoneType|got NoneType", NOTHING),
    (r"torch\.return_types|'tuple'|not tuple|got tuple", SEVERAL),
    (r"ndarray", ARRAY),
    (r"'list'|not list|got list|multiply sequence|concatenate list", LIST),
    (r"TypeError.*not (?:float|int)\b|'(?:float|int)' object has no|no len\(\)", NUMBER),
]  # fmt: skip

#: what to say instead where no line of the answer failed, but the check with what came of it
WITHOUT_LINES = {CALL: STUB, **dict.fromkeys((PRODUCT, MEET, AXES, INDEX, RESHAPE), RETURNED)}
