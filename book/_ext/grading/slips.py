"""What a slip of the hand makes of one piece of Python: the operators that `mutants` applies.

Each rule takes a node and gives what could stand in its place. The axes, slices and orders of
tensors are in it because their slips raise no error.
"""

import ast

OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
             ast.FloorDiv: ast.Mod, ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr,
             ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And}  # fmt: skip
COMPARISONS = {ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt),
               ast.GtE: (ast.Gt, ast.LtE), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
               ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,)}  # fmt: skip
ONE_WAY = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.MatMult, ast.Pow)  # a∘b is not b∘a
PAIRS = [("sum", "mean"), ("amax", "amin"), ("max", "min"), ("argmax", "argmin"), ("any", "all"),
         ("zeros", "ones"), ("zeros_like", "ones_like"), ("tril", "triu"), ("sin", "cos"),
         ("cat", "stack"), ("log", "log2"), ("unsqueeze", "squeeze"),
         ("square", "abs")]  # fmt: skip
NAMES = dict(PAIRS) | {b: a for a, b in PAIRS}
EITHER_WAY = {"transpose", "swapaxes", "maximum", "minimum", "max", "min", "logaddexp",
              "promote_types"}  # fmt: skip
NOT_VALUES = {"self", "cls", "torch", "nn", "F", "math", "np"}  # x.f() may become x, nn.f() not


def slips(node):
    """What could stand in a node's place, if the hand slips there."""
    if isinstance(node, ast.stmt) and _can_go(node):
        yield ast.Pass()
    if rule := RULES.get(type(node)):
        yield from rule(node)


def is_negative_number(node):
    """Whether a node is a constant with its sign, which Python holds for two nodes."""
    return isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)


def _can_go(node):
    """Whether a statement can be left out so that Python does not stumble over a missing name."""
    if isinstance(node, ast.Assign):
        return all(isinstance(t, (ast.Subscript, ast.Attribute)) for t in node.targets) or (
            _names(node.targets) <= _names([node.value])
        )
    return isinstance(node, (ast.Expr, ast.AugAssign, ast.If, ast.Raise))


def _names(nodes):
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}


def _with(node, **fields):
    """A copy of a node with other fields; what they hold stays shared, for nobody changes it."""
    return type(node)(**{name: getattr(node, name, None) for name in node._fields} | fields)


def _binary(node):
    if type(node.op) in OPERATORS:
        yield _with(node, op=OPERATORS[type(node.op)]())
    if isinstance(node.op, ONE_WAY):
        yield _with(node, left=node.right, right=node.left)
    yield from (node.left, node.right)


def _boolean(node):
    yield _with(node, op=OPERATORS[type(node.op)]())
    yield from node.values


def _comparison(node):
    for i, op in enumerate(node.ops):
        for other in COMPARISONS.get(type(op), ()):
            yield _with(node, ops=[*node.ops[:i], other(), *node.ops[i + 1 :]])


def _unary(node):
    if is_negative_number(node):
        yield from (_with(node.operand, value=-node.operand.value + d) for d in (-1, 1))
    else:
        yield node.operand


def _constant(node):
    if isinstance(node.value, bool):
        yield _with(node, value=not node.value)
    elif isinstance(node.value, int):
        yield from (_with(node, value=node.value + step) for step in (1, -1))
    elif isinstance(node.value, float):
        yield from (_with(node, value=other) for other in (2 * node.value or 1.0, node.value / 2))


def _conditional(node):
    yield from (node.body, node.orelse, _with(node, body=node.orelse, orelse=node.body))


def _slice(node):
    for name in ("lower", "upper"):
        if edge := getattr(node, name):
            yield _with(node, **{name: None})
            if not isinstance(edge, (ast.Constant, ast.UnaryOp)):  # their own rules do that
                for op in (ast.Add(), ast.Sub()):
                    yield _with(node, **{name: ast.BinOp(edge, op, ast.Constant(1))})
    if node.step:
        yield _with(node, step=None)


def _neighbours(items):
    """The lists in which two neighbours have changed places."""
    for i in range(len(items) - 1):
        yield [*items[:i], items[i + 1], items[i], *items[i + 2 :]]


def _tuple(node):
    if isinstance(node.ctx, ast.Load):
        yield from (_with(node, elts=elts) for elts in _neighbours(node.elts))


def _call(node):
    called = node.func
    if isinstance(called, ast.Name) and called.id == "super":
        return
    if isinstance(called, ast.Attribute):
        owner = called.value
        if not (isinstance(owner, ast.Name) and owner.id in NOT_VALUES):
            yield owner
        elif node.args and owner.id not in ("self", "cls"):
            yield node.args[0]
    elif node.args:
        yield node.args[0]
    name = getattr(called, "id", getattr(called, "attr", ""))
    if name in NAMES:
        field = "id" if isinstance(called, ast.Name) else "attr"
        yield _with(node, func=_with(called, **{field: NAMES[name]}))
    if node.args and name != "to":
        yield _with(node, args=node.args[:-1])
    if name not in EITHER_WAY:
        yield from (_with(node, args=args) for args in _neighbours(node.args))
    for i in range(len(node.keywords)):
        if node.keywords[i].arg != "strict":  # of zip: it only refuses
            yield _with(node, keywords=[*node.keywords[:i], *node.keywords[i + 1 :]])


def _statement(node):
    yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    yield from (_with(node, test=ast.Constant(always)) for always in (True, False))


def _with_block(node):
    yield ast.If(ast.Constant(True), node.body, [])


RULES = {ast.BinOp: _binary, ast.AugAssign: lambda n: [_with(n, op=OPERATORS[type(n.op)]())]
         if type(n.op) in OPERATORS else [], ast.BoolOp: _boolean, ast.Compare: _comparison,
         ast.UnaryOp: _unary, ast.Constant: _constant, ast.IfExp: _conditional, ast.Slice: _slice,
         ast.Tuple: _tuple, ast.List: _tuple, ast.Call: _call, ast.If: _statement,
         ast.With: _with_block}  # fmt: skip
