"""The rule that keeps the desk's numbers the same on every machine; `test_house` runs it."""

import ast
from collections.abc import Iterator

from house_rules import PURE, Source

# The desk's numbers, whose bits must not depend on the processor, the C library or the version of Python.
EXACT = (*PURE, "models/features.py")
INEXACT = (
    "pricing/control/",
    *(
        f"pricing/surface/{name}.py"
        for name in (
            "checks",
            "doubt",
            "fit",
            "held_out",
            "lookup",
            "objective",
            "quotes",
            "slices",
            "solve",
            "ssvi",
            "stdevs",
        )
    ),
)
"""Made outside the desk, and reach it as tables."""
VAGUE = {
    *(
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atan2",
        "atanh",
        "arccos",
        "arcsin",
        "arcsinh",
        "arctan",
        "cbrt",
    ),
    *(
        "cos",
        "cosh",
        "convolve",
        "cumsum",
        "cumprod",
        "dist",
        "dot",
        "einsum",
        "erf",
        "erfc",
        "exp",
        "exp2",
        "expm1",
    ),
    *(
        "fma",
        "gamma",
        "hypot",
        "inner",
        "interp",
        "lgamma",
        "log",
        "log10",
        "log1p",
        "log2",
        "logaddexp",
        "matmul",
    ),
    *(
        "mean",
        "nansum",
        "outer",
        "polyval",
        "pow",
        "power",
        "prod",
        "sin",
        "sinh",
        "std",
        "sum",
        "sumprod",
        "tan",
    ),
    *("tanh", "trace", "tensordot", "var", "vdot"),
}
"""Of math, cmath and numpy."""


def exact_bits(source: Source) -> Iterator[str]:
    """Only what is correctly rounded everywhere: + - * / and square roots; the rest is in pricing.numeric."""
    if not source.path.startswith(EXACT) or source.path.startswith(INEXACT):
        return
    finite = {
        id(inner)
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call) and source.dotted(call.func) == "math.isfinite"
        for inner in call.args
    }
    for node in ast.walk(source.tree):
        name = source.dotted(node) or ""
        top, _, last = name.rpartition(".")
        if top.split(".")[0] in {"math", "cmath", "numpy", "scipy"} and (
            last in VAGUE or top.startswith(("cmath", "scipy", "numpy.linalg", "numpy.fft"))
        ):
            yield f"line {node.lineno}: {name}: its last bits differ; take pricing.numeric's"  # type: ignore[attr-defined]
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Pow | ast.MatMult):
            base = node.left if isinstance(node, ast.BinOp) else node.target
            if not _whole(base) or isinstance(node.op, ast.MatMult):
                yield f"line {node.lineno}: a power or product of floats; multiply out, or take power()"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            alone = len(node.args) == 1 and not node.keywords
            if node.func.id == "pow" and len(node.args) < 3:
                yield f"line {node.lineno}: pow() of floats; take pricing.numeric's power()"
            elif node.func.id == "sum" and alone and id(node) not in finite and not _counts(node.args[0]):
                yield f"line {node.lineno}: Pythons add floats differently; take math.fsum, or name the start"


def _whole(node: ast.expr) -> bool:
    """An integer or a Decimal, as far as the text shows."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "Decimal"
    return isinstance(node, ast.Constant) and type(node.value) is int


def _counts(node: ast.expr) -> bool:
    """`1 for x in ...`."""
    return isinstance(node, ast.GeneratorExp) and isinstance(node.elt, ast.Constant)
