"""Who may import whom: the contracts hold, name every room they should, and catch what breaks them.

Breaking is done in a copy of the packages, one planted module at a time, because a contract that was never
seen to fail may be checking nothing.
"""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("rfq", "pricing", "models", "fix_gateway")
LAYERS, FORBIDDEN, PROTECTED = "layers", "forbidden", "protected"

# Must be free of I/O and of the clock as soon as they exist.
PURE = [
    *("pricing", "models.features", "models.baselines", "rfq.domain", "rfq.desk"),
    *(f"fix_gateway.{room}" for room in ("session", "codec", "messages", "dialect", "dictionary")),
    *(f"fix_gateway.{room}" for room in ("explain", "tags", "errors")),
]
# Must stay free of torch as soon as they exist.
TORCHLESS = [
    *("pricing", "fix_gateway"),
    *(f"rfq.{room}" for room in ("domain", "desk", "wire", "audit", "feeds", "api", "ops")),
]
IMPURE = [
    *("asyncio", "socket", "ssl", "select", "threading", "os", "uuid", "secrets", "aiohttp"),
    *("sqlalchemy", "structlog", "logging", "time", "random"),
]
# Library -> the only rooms that may speak it, as soon as somebody does.
SPEAKERS = {"sqlalchemy": ["rfq.audit"], "simplefix": ["fix_gateway.codec.odd"], "torch": ["models"]}


def contracts() -> list[dict[str, Any]]:
    """The contracts as pyproject.toml has them."""
    text = (ROOT / "pyproject.toml").read_text()
    found = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    assert isinstance(found, list)
    return found


def exists(module: str) -> bool:
    """Does the repository have this module or package?"""
    path = ROOT / module.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the packages in `folder`."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=100, check=False)


def one(kind: str, **having: str) -> dict[str, Any]:
    """The one contract of this kind whose list under the given key holds the given module."""
    ((key, module),) = having.items()
    fitting = [c for c in contracts() if c["type"] == kind and module in c.get(key, [])]
    assert len(fitting) == 1, f"{len(fitting)} {kind} contracts have {module} in {key}"
    return fitting[0]


def test_the_contracts_are_kept() -> None:
    run = lint(ROOT)
    assert run.returncode == 0, run.stdout + run.stderr
    assert " 0 broken" in run.stdout


def test_the_pure_contract_names_every_pure_room_that_exists() -> None:
    pure = one(FORBIDDEN, forbidden_modules="time")
    assert set(pure["source_modules"]) == {room for room in PURE if exists(room)}
    assert set(IMPURE) <= set(pure["forbidden_modules"])
    assert not pure.get("allow_indirect_imports")


def test_the_torch_contract_names_every_room_that_exists() -> None:
    torch = one(FORBIDDEN, forbidden_modules="torch")
    assert set(torch["source_modules"]) == {room for room in TORCHLESS if exists(room)}
    doors = {door for door in ("models.infer", "models.artifact", "models.train") if exists(door)}
    assert doors <= set(torch["forbidden_modules"])


@pytest.mark.parametrize("library", SPEAKERS)
def test_a_library_with_one_speaker_is_protected_from_its_first_use(library: str) -> None:
    used = False
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            used = used or any(name.split(".")[0] == library for name in names)
    if used:
        assert one(PROTECTED, protected_modules=library)["allowed_importers"] == SPEAKERS[library]


def test_the_layers_are_exhaustive_and_circles_are_sought_everywhere() -> None:
    for container in ("rfq", "fix_gateway"):
        assert one(LAYERS, containers=container)["exhaustive"] is True
    (circles,) = (c for c in contracts() if c["type"] == "acyclic_siblings")
    assert circles["ancestors"] == list(PACKAGES)


PLANTS = {
    "a library knows the house": {"pricing/planted.py": "import rfq.ops"},
    "two libraries know each other": {"models/planted.py": "import pricing"},
    "an import points up": {"rfq/domain/planted.py": "import rfq.ops.clock"},
    "a room that nobody planned": {"rfq/parlour.py": "x = 1"},
    "the desk reads the clock": {"rfq/desk/planted.py": "import time"},
    "the desk reads the clock through a friend": {
        "rfq/desk/planted.py": "import pricing.planted",
        "pricing/planted.py": "import time",
    },
    "pricing speaks asyncio": {"pricing/planted.py": "from asyncio import sleep"},
    "the desk loads torch": {"rfq/desk/planted.py": "import torch"},
    "two siblings in a circle": {
        "pricing/planted.py": "import pricing.sown",
        "pricing/sown.py": "import pricing.planted",
    },
    "settings speak to the database": {"rfq/ops/planted.py": "import sqlalchemy"},
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their contracts, in a folder where they may be broken."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_import_is_caught(plant: str, copy: Path) -> None:
    try:
        for name, statement in PLANTS[plant].items():
            (copy / name).write_text(f'"""Planted."""\n\n{statement}\n')
        run = lint(copy)
    finally:
        for name in PLANTS[plant]:
            (copy / name).unlink(missing_ok=True)
    assert run.returncode == 1, run.stdout + run.stderr
    assert any(Path(name).stem in run.stdout for name in PLANTS[plant]), run.stdout
