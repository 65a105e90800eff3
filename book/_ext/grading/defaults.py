"""Cuts a reference down to the parameters that its stub has: the others have their defaults."""

import ast


class WithDefaults(ast.NodeTransformer):
    """Puts defaults in the place of the parameters that a stub lacks, and folds what follows."""

    def __init__(self, function, asked):
        known, own = {a.arg for a in _arguments(asked)}, function.args
        positional = [*own.posonlyargs, *own.args]
        defaults = [*zip(positional[::-1], own.defaults[::-1], strict=False)]
        defaults += zip(own.kwonlyargs, own.kw_defaults, strict=True)
        written = {n.id for n in ast.walk(function) if isinstance(getattr(n, "ctx", 0), ast.Store)
                   and isinstance(n, ast.Name)}  # fmt: skip
        self.values = {
            a.arg: value.value
            for a, value in defaults
            if a.arg not in known | written and isinstance(value, ast.Constant)
        }

    def visit_arguments(self, node):
        return node

    def visit_Name(self, node):
        return ast.Constant(self.values[node.id]) if node.id in self.values else node

    def visit_keyword(self, node):
        """What is handed on is a default there, too."""
        if isinstance(node.value, ast.Name) and node.value.id in self.values:
            return None
        return self.generic_visit(node)

    def visit_Compare(self, node):
        self.generic_visit(node)
        sides = (node.left, node.comparators[0])
        if len(node.ops) == 1 and all(isinstance(side, ast.Constant) for side in sides):
            same = sides[0].value is sides[1].value
            if isinstance(node.ops[0], (ast.Is, ast.IsNot)):
                return ast.Constant(same == isinstance(node.ops[0], ast.Is))
        return node

    def visit_BoolOp(self, node):
        self.generic_visit(node)
        decides = isinstance(node.op, ast.Or)
        known = [v.value for v in node.values if isinstance(v, ast.Constant)]
        left = [v for v in node.values if not isinstance(v, ast.Constant)]
        if any(bool(value) is decides for value in known) or not left:
            return ast.Constant(decides if known.count(decides) else not decides)
        node.values = left
        return left[0] if len(left) == 1 else node

    def visit_IfExp(self, node):
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse
        return node

    def visit_If(self, node):
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return (node.body if node.test.value else node.orelse) or ast.Pass()
        return node


def _arguments(function):
    own = function.args
    return [*own.posonlyargs, *own.args, *own.kwonlyargs]
