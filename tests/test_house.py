"""The rules of the house, checked: every rule over every file, and against files that break it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import house_rules
import pytest
from house_numbers import exact_bits
from house_rules import FOLDERS, Rule, Source

RULES = (*house_rules.RULES, exact_bits)
ROOT = Path(__file__).resolve().parent.parent
TEXT_SUFFIXES = {".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".html", ".css", ".js", ".mako", ".sh", ""}
UNREAD = {
    ".git",
    ".venv",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    "htmlcov",
    "dist",
    ".coverage",
}


def python_files() -> list[Source]:
    """Every Python file of the repository."""
    paths = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
    return [
        Source(path.relative_to(ROOT).as_posix(), path.read_text())
        for path in paths
        if "__pycache__" not in path.parts
    ]


def text_files() -> list[Path]:
    """Every text file of the repository, whatever it is written in."""
    return [
        path
        for top in sorted(ROOT.iterdir())
        if top.name not in UNREAD and not top.name.startswith(".rfq")
        for path in (sorted(top.rglob("*")) if top.is_dir() else [top])
        if path.is_file() and path.suffix in TEXT_SUFFIXES and "__pycache__" not in path.parts
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule: Rule) -> None:
    sources = python_files()
    assert len(sources) > 10
    complaints = [f"{source.path}: {complaint}" for source in sources for complaint in rule(source)]
    assert not complaints, "\n".join(complaints)


BROKEN = [
    (house_rules.file_length, "rfq/x.py", "x = 1\n" * 351),
    (house_rules.function_length, "rfq/x.py", "def f():\n" + "    x = 1\n" * 70),
    (house_rules.docstrings, "rfq/x.py", "x = 1\n"),
    (house_rules.docstrings, "tests/x.py", "x = 1\n"),
    (house_rules.docstrings, "rfq/x.py", '"""Doc."""\ndef f(): ...\n'),
    (house_rules.docstrings, "rfq/x.py", '"""Doc."""\nclass C: ...\n'),
    (house_rules.charters, "rfq/ops/__init__.py", '"""Doc."""\nimport json\n'),
    (house_rules.charters, "tests/unit/__init__.py", '"""Doc."""\n'),
    (house_rules.charters, "alembic/__init__.py", ""),
    (house_rules.module_names, "rfq/desk/quote_utils.py", ""),
    (house_rules.module_names, "rfq/services/common/quote.py", ""),
    (house_rules.clock, "rfq/desk/x.py", "import datetime\nx = datetime.datetime.now()\n"),
    (house_rules.clock, "rfq/sim/x.py", "from datetime import datetime as d\nx = d.utcnow\n"),
    (house_rules.clock, "rfq/x.py", "import time as t\nx = t.perf_counter()\n"),
    (house_rules.clock, "rfq/x.py", "from time import monotonic_ns\nmonotonic_ns()\n"),
    (house_rules.dice, "rfq/x.py", "import random\nrandom.choice([1])\n"),
    (house_rules.dice, "rfq/x.py", "from uuid import uuid4\nuuid4()\n"),
    (house_rules.dice, "rfq/x.py", "import os\nos.urandom(3)\n"),
    (house_rules.dice, "benchmarks/x.py", "import secrets\nsecrets.token_hex()\n"),
    (house_rules.dice, "pricing/x.py", "import numpy as np\nnp.random.default_rng(7)\n"),
    (house_rules.dice, "rfq/sim/x.py", "import numpy as np\nnp.random.default_rng()\n"),
    (house_rules.dice, "rfq/sim/x.py", "import numpy as np\nnp.random.default_rng(None)\n"),
    (house_rules.dice, "rfq/sim/x.py", "from numpy.random import normal\nnormal()\n"),
    (house_rules.order, "rfq/desk/x.py", "for x in {1, 2}: ...\n"),
    (house_rules.order, "rfq/desk/x.py", "y = [x for x in set(z)]\n"),
    (house_rules.order, "rfq/desk/x.py", "def f(seen: set[int]):\n    for x in seen: ...\n"),
    (house_rules.order, "rfq/desk/x.py", "self.open = set()\n"),
    (house_rules.order, "rfq/desk/x.py", "class State:\n    open: frozenset[str]\n"),
    (house_rules.order, "rfq/desk/x.py", "self.open = frozenset(z)\ny = tuple(self.open - other)\n"),
    (house_rules.order, "rfq/domain/x.py", "y = ','.join({x for x in z})\n"),
    (house_rules.order, "rfq/domain/x.py", "y = (*{1, 2}, 3)\n"),
    (house_rules.order, "rfq/domain/x.py", "y = hash('a')\n"),
    (house_rules.order, "rfq/domain/x.py", "s = set()\ns.pop()\n"),
    (house_rules.catch_alls, "rfq/domain/x.py", "try: ...\nexcept Exception: ...\n"),
    (house_rules.catch_alls, "rfq/domain/x.py", "try: ...\nexcept: ...\n"),
    (house_rules.catch_alls, "rfq/domain/x.py", "try: ...\nexcept (ValueError, BaseException): ...\n"),
    (house_rules.catch_alls, "rfq/x.py", "import contextlib\nwith contextlib.suppress(Exception): ...\n"),
    (house_rules.catch_alls, "rfq/desk/engine.py", "try: ...\nexcept Exception: ...\n" * 3),
    (exact_bits, "pricing/x.py", "import math\ny = math.exp(x)\n"),
    (exact_bits, "pricing/x.py", "from math import log as ln\ny = ln(x)\n"),
    (exact_bits, "pricing/x.py", "import math\n_erfc = math.erfc\n"),
    (exact_bits, "pricing/surface/svi.py", "import numpy as np\ny = np.tanh(x)\n"),
    (exact_bits, "rfq/desk/x.py", "import math\ny = math.hypot(x, z)\n"),
    (exact_bits, "rfq/desk/x.py", "import numpy as np\ny = np.dot(x, z)\n"),
    (exact_bits, "rfq/domain/x.py", "y = x**2\n"),
    (exact_bits, "rfq/domain/x.py", "x **= 0.5\n"),
    (exact_bits, "rfq/domain/x.py", "y = pow(x, 0.5)\n"),
    (exact_bits, "pricing/x.py", "y = a @ b\n"),
    (exact_bits, "pricing/x.py", "y = sum(weights)\n"),
    (exact_bits, "models/features.py", "import math\ny = math.sin(x)\n"),
    (house_rules.mocks, "tests/x.py", "from unittest.mock import Mock\n"),
]
KEPT = [
    (house_rules.clock, "rfq/ops/clock.py", "import time\ntime.time_ns()\n"),
    (house_rules.clock, "rfq/live.py", "import time\ntime.sleep(1)\n"),
    (house_rules.clock, "rfq/x.py", "from datetime import datetime\ndatetime.fromtimestamp(3)\n"),
    (house_rules.dice, "rfq/sim/x.py", "import numpy as np\nnp.random.default_rng(7)\n"),
    (house_rules.dice, "pricing/x.py", "import numpy as np\ndef f(rng: np.random.Generator): ...\n"),
    (house_rules.order, "rfq/desk/x.py", "y = [x for x in sorted({1, 2})]\nz = 3 in {3, 4}\n"),
    (house_rules.order, "rfq/desk/x.py", "y = sorted(x for x in {1, 2})\n"),
    (house_rules.order, "rfq/sim/x.py", "for x in {1, 2}: ...\n"),
    (house_rules.catch_alls, "rfq/desk/engine.py", "try: ...\nexcept Exception: ...\n"),
    (house_rules.catch_alls, "rfq/x.py", "try: ...\nexcept BaseException:\n    tidy()\n    raise\n"),
    (exact_bits, "pricing/x.py", "import math\ny = math.sqrt(math.floor(x)) + math.fsum(z)\n"),
    (exact_bits, "pricing/x.py", "from pricing.numeric.elementary import exp\ny = exp(x)\n"),
    (exact_bits, "rfq/desk/x.py", "y = 10**places + Decimal(10) ** 15 + pow(2, x, 7)\n"),
    (exact_bits, "rfq/desk/x.py", "y = sum(1 for z in w) + sum(w, Decimal(0))\n"),
    (exact_bits, "rfq/domain/x.py", "import math\ny = math.isfinite(sum(x))\n"),
    (exact_bits, "pricing/control/x.py", "import math\ny = math.exp(x) ** 2\n"),
    (exact_bits, "rfq/sim/x.py", "import math\ny = math.exp(x)\n"),
    (house_rules.module_names, "rfq/domain/database.py", ""),
]


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_a_rule_catches_what_breaks_it(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(path, text)))


@pytest.mark.parametrize(("rule", "path", "text"), KEPT)
def test_a_rule_lets_through_what_is_allowed(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(path, text))) == []


def test_every_rule_is_shown_to_fail() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(RULES)


def test_no_file_names_this_machine_or_a_package_host() -> None:
    files = text_files()
    assert ROOT / "pyproject.toml" in files
    complaints = []
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        complaints += [f"{name}: {c}" for c in house_rules.forbidden_strings(name, path.read_text())]
    assert complaints == []


def test_forbidden_strings_are_found() -> None:
    machine, beside = "x = '/wo" + "rk/main/x'", "see ../sha" + "red/x"
    assert list(house_rules.forbidden_strings("rfq/x.py", machine))
    assert list(house_rules.forbidden_strings("tests/x.py", machine))
    assert list(house_rules.forbidden_strings("docs/x.md", beside))
    assert list(house_rules.forbidden_strings("tests/x.py", beside)) == []
    assert (
        list(house_rules.forbidden_strings("docs/x.md", "rfq/wo" + "rk/x and https://a.b/ho" + "me/x")) == []
    )


def test_every_catch_all_in_the_table_is_used_where_the_file_exists() -> None:
    for path, (count, why) in house_rules.CATCH_ALLS.items():
        if (ROOT / path).exists():
            text = (ROOT / path).read_text()
            assert list(house_rules.catch_alls(Source("rfq/elsewhere.py", text))), f"{path}: {count} x {why}"


def modules_loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after `statement`."""
    code = f"{statement}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    return set(run.stdout.split())


HEAVY = {"torch", "sqlalchemy", "alembic", "pydantic", "structlog", "aiohttp", "rich", "typer"}


def test_the_desk_loads_neither_torch_nor_anything_that_does_io() -> None:
    loaded = modules_loaded_by("import rfq.desk.engine")
    assert "msgspec" in loaded
    assert loaded & (HEAVY | {"asyncio", "socket", "ssl", "logging"}) == set()


def test_help_needs_none_of_the_heavy_libraries() -> None:
    loaded = modules_loaded_by("import rfq.cli")
    assert loaded & (HEAVY - {"rich", "typer"} | {"numpy"}) == set()


def test_alembic_is_the_library_and_not_our_folder() -> None:
    code = "import alembic, alembic.command; print(alembic.__file__)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert not Path(run.stdout.strip()).is_relative_to(ROOT / "alembic")
    assert run.stdout.strip().endswith("__init__.py")


def test_what_is_pinned_is_what_is_asked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    for requirement in asked:
        assert requirement.split(">=")[0].lower() in pinned, requirement
    assert not any("torch" in name for name in pinned)
    assert not any("torch" in requirement for requirement in project["dependencies"])
