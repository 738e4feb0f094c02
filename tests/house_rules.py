"""The rules of the house that a look at the source can check. Each rule takes a Source and yields complaints.

A rule knows nothing of pytest: `test_house.py` runs every rule over every file, and also shows each rule a
file that breaks it, because a rule that cannot fail checks nothing.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

LINES_A_FILE = 350
LINES_A_FUNCTION = 70
PACKAGES = ("rfq", "pricing", "models", "fix_gateway")
FOLDERS = (*PACKAGES, "alembic", "benchmarks", "tests")
PURE = ("rfq/domain/", "rfq/desk/", "pricing/")
BANNED_WORDS = {
    *("util", "utils", "helper", "helpers", "common", "misc", "manager", "service", "handler"),
    *("base", "data", "info", "process"),
}

# `except Exception` stands in named places only. Path -> (how often, what it guards).
CATCH_ALLS = {
    "rfq/desk/engine.py": (2, "per event: the Rfq is quarantined, or, if its card is broken, left alone"),
    "rfq/desk/quarantine.py": (1, "per Rfq, of an event that concerns many"),
    "rfq/live/outbox.py": (1, "per effect: it becomes NotSent"),
    "rfq/api/server.py": (1, "per HTTP request"),
    "fix_gateway/shell/connection.py": (1, "per session"),
    "rfq/feeds/scene/port.py": (1, "per fit of a surface: the one before ages, the next quotes are tried"),
    "rfq/feeds/link/feed.py": (1, "per message of a venue: no book is trusted further, its links open again"),
}
# May make a Generator, from a seed: once per world, or to measure.
SEEDED_PLACES = ("rfq/sim/", "rfq/lab.py", "models/synthetic/", "benchmarks/", "tests/")
CLOCK_PLACES = ("rfq/ops/clock.py", "fix_gateway/testing/clock.py", "benchmarks/", "tests/")

CLOCKS = {
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today"),
    "os.times",
}
DICE = ("random", "secrets", "uuid", "os.urandom", "os.getrandom", "numpy.random")
NOT_DICE = {
    f"numpy.random.{name}" for name in ("Generator", "BitGenerator", "SeedSequence", "PCG64", "Philox")
}
SET_TYPES = {"set", "frozenset", "Set", "FrozenSet", "AbstractSet", "MutableSet"}
ORDER_TAKERS = {"list", "tuple", "iter", "enumerate", "zip", "map", "filter", "reversed", "dict", "deque"}
ORDER_BLIND = {"sorted", "set", "frozenset", "any", "all", "sum", "min", "max", "len"}


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the top of the repository, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def names(self) -> dict[str, str]:
        """Local name -> the dotted name that an import bound it to."""
        bound: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    bound[alias.asname or alias.name.split(".")[0]] = (
                        alias.name if alias.asname else alias.name.split(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    bound[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return bound

    def dotted(self, node: ast.AST) -> str | None:
        """What an expression like `dt.now` means: "datetime.datetime.now"; None if it starts at no import."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute) and (head := self.dotted(node.value)):
            return f"{head}.{node.attr}"
        return None


Rule = Callable[[Source], Iterator[str]]


def file_length(source: Source) -> Iterator[str]:
    lines = source.text.count("\n")
    if lines > LINES_A_FILE:
        yield f"{lines} lines, {LINES_A_FILE} allowed"


def function_length(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LINES_A_FUNCTION:
                yield f"line {node.lineno}: {node.name} has {lines} lines, {LINES_A_FUNCTION} allowed"


def docstrings(source: Source) -> Iterator[str]:
    if not ast.get_docstring(source.tree):
        yield "the module says nothing of what it is for"
    if not source.path.startswith((*(f"{name}/" for name in PACKAGES), "benchmarks/")):
        return
    for node in source.tree.body:
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ):
            yield f"line {node.lineno}: {node.name} has no docstring"


def charters(source: Source) -> Iterator[str]:
    if source.path.endswith("__init__.py"):
        if source.path.startswith(("tests/", "alembic/")):
            yield "this folder must not be a package: it would hide an installed one"
        for node in source.tree.body:
            if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                yield f"line {node.lineno}: a package's __init__ holds its charter and nothing else"


def module_names(source: Source) -> Iterator[str]:
    for part in Path(source.path).with_suffix("").parts:
        for word in BANNED_WORDS & set(part.split("_")):
            yield f"'{word}' is no name: say what it is"


def clock(source: Source) -> Iterator[str]:
    if source.path.startswith(CLOCK_PLACES):
        return
    for node in ast.walk(source.tree):
        name = source.dotted(node)
        if name and (name in CLOCKS or (name.startswith("time.") and name != "time.sleep")):
            yield f"line {node.lineno}: {name}: take `now` as an argument"  # type: ignore[attr-defined]


def dice(source: Source) -> Iterator[str]:
    if source.path.startswith("tests/"):
        return
    seeded = {id(c.func) for c in ast.walk(source.tree) if isinstance(c, ast.Call) and _seed_given(c)}
    for node in ast.walk(source.tree):
        name = source.dotted(node)
        if not name or not name.startswith(DICE) or name in {"numpy.random", *NOT_DICE}:
            continue
        if not any(name == die or name.startswith(f"{die}.") for die in DICE):
            continue
        if (
            name == "numpy.random.default_rng"
            and source.path.startswith(SEEDED_PLACES)
            and id(node) in seeded
        ):
            continue
        yield f"line {node.lineno}: {name}: pass a seeded numpy Generator"  # type: ignore[attr-defined]


def _seed_given(call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return bool(given) and not (isinstance(given[0], ast.Constant) and given[0].value is None)


def order(source: Source) -> Iterator[str]:
    """In the pure part nothing may depend on the order of a set, nor on hash() or id()."""
    if not source.path.startswith(PURE):
        return
    sets = _SetNames(source.tree)
    blind = {
        id(inner)
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ORDER_BLIND
        for inner in call.args
    }
    for line in sets.attributes:
        yield f"line {line}: a set as an attribute, which another file could iterate; take a dict or a tuple"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.For) and sets.holds(node.iter):
            yield f"line {node.lineno}: iterates a set; sort it first"
        elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp) and id(node) not in blind:
            if any(sets.holds(generator.iter) for generator in node.generators):
                yield f"line {node.lineno}: iterates a set; sort it first"
        elif isinstance(node, ast.Starred) and sets.holds(node.value):
            yield f"line {node.lineno}: unpacks a set; sort it first"
        elif isinstance(node, ast.Call):
            yield from _order_of_call(node, sets)


def _order_of_call(node: ast.Call, sets: "_SetNames") -> Iterator[str]:
    if isinstance(node.func, ast.Name):
        if node.func.id in ORDER_TAKERS and any(sets.holds(arg) for arg in node.args):
            yield f"line {node.lineno}: {node.func.id}() of a set; sort it first"
        if node.func.id in {"hash", "id"}:
            yield f"line {node.lineno}: {node.func.id}() differs from run to run"
    elif isinstance(node.func, ast.Attribute):
        if node.func.attr == "pop" and not node.args and sets.holds(node.func.value):
            yield f"line {node.lineno}: pops any element of a set"
        if node.func.attr in {"join", "extend", "fromkeys"} and any(sets.holds(arg) for arg in node.args):
            yield f"line {node.lineno}: {node.func.attr}() of a set; sort it first"


class _SetNames:
    """Which expressions of a module are sets, as far as its own text shows (names count module-wide)."""

    def __init__(self, tree: ast.Module) -> None:
        self.known: set[str] = set()
        self.attributes: list[int] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                self.attributes += [
                    line.lineno
                    for line in node.body
                    if isinstance(line, ast.AnnAssign) and self._is_type(line.annotation)
                ]
            if isinstance(node, ast.AnnAssign) and self._is_type(node.annotation):
                self._learn(node.target)
            elif isinstance(node, ast.arg) and node.annotation and self._is_type(node.annotation):
                self.known.add(node.arg)
            elif isinstance(node, ast.Assign) and self.holds(node.value):
                for target in node.targets:
                    self._learn(target)

    def _learn(self, target: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.known.add(target.id)
        elif isinstance(target, ast.Attribute):
            self.known.add(f".{target.attr}")
            self.attributes.append(target.lineno)

    @staticmethod
    def _is_type(annotation: ast.expr) -> bool:
        outer = annotation.value if isinstance(annotation, ast.Subscript) else annotation
        name = outer.attr if isinstance(outer, ast.Attribute) else getattr(outer, "id", None)
        return name in SET_TYPES

    def holds(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Set | ast.SetComp):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return node.func.id in {"set", "frozenset"}
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor):
            return self.holds(node.left) or self.holds(node.right)
        if isinstance(node, ast.Name):
            return node.id in self.known
        return isinstance(node, ast.Attribute) and f".{node.attr}" in self.known


def catch_alls(source: Source) -> Iterator[str]:
    if source.path.startswith(("tests/", "benchmarks/")):
        return
    found = [node.lineno for node in ast.walk(source.tree) if _catches_all(node)]
    allowed, _ = CATCH_ALLS.get(source.path, (0, ""))
    if len(found) > allowed:
        yield f"lines {found}: catches every exception {len(found)} times, {allowed} allowed here"


def _catches_all(node: ast.AST) -> bool:
    if isinstance(node, ast.ExceptHandler):
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    elif (
        isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "suppress"
    ):
        caught = list(node.args)
    else:
        return False
    if (
        isinstance(node, ast.ExceptHandler)
        and isinstance(node.body[-1], ast.Raise)
        and node.body[-1].exc is None
    ):
        return False  # tidies up and lets it through
    return any(one is None or getattr(one, "id", "") in {"Exception", "BaseException"} for one in caught)


def mocks(source: Source) -> Iterator[str]:
    for name in source.names.values():
        if name == "mock" or name.startswith("unittest.mock"):
            yield "no mocks: use the real thing, or a small fake that keeps its rules"


RULES: tuple[Rule, ...] = (
    *(file_length, function_length, docstrings, charters, module_names),
    *(clock, dice, order, catch_alls, mocks),
)

# Machine paths and package hosts have no place in a repository. Spelled in pieces, to pass the rule itself.
_PATHS = "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers", "op" + "t", "mn" + "t"))
_HOSTS = "|".join(("pythonh" + "osted", r"py" + r"pi\.org", "artif" + "actory"))
FORBIDDEN = re.compile(rf"(?<![\w.\-/])/(?:{_PATHS})/|(?:{_HOSTS})")
SHARED = re.compile(r"\.\./sha" + "red")


def forbidden_strings(path: str, text: str) -> Iterator[str]:
    """For any text file, not only Python."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := FORBIDDEN.search(line):
            yield f"line {number}: {found.group()!r}"
        if not path.startswith(("tests/", "benchmarks/", ".ci/")) and (found := SHARED.search(line)):
            yield f"line {number}: {found.group()!r}"
