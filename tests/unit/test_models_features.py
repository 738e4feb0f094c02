"""The schema and its rows."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from models_cases import row

from models.features import INDEX, MISSING, SCHEMA, SCHEMA_HASH, WIDTH, Column, FeatureRow, schema_hash

UNITS_LAST = (
    *("ratio", "sign", "count", "flag", "bps", "point", "years", "s", "index", "ms", "sin", "cos"),
    *("usd", "score", "sd"),
)


def test_columns_are_named_once_and_end_in_their_unit() -> None:
    assert len(INDEX) == WIDTH == len(SCHEMA) == len(MISSING)
    for column in SCHEMA:
        parts = column.name.split("_")
        tail = parts[-2] if column.horizon and parts[-1] == column.horizon else parts[-1]
        assert tail in UNITS_LAST, column.name
        assert column.unit and column.words
        assert math.isfinite(column.when_missing)


def test_this_is_version_two() -> None:
    # A changed column is a new version: then this line changes with it, on purpose.
    assert (WIDTH, SCHEMA_HASH) == (89, "283171ed1710")


def test_any_change_of_the_schema_changes_its_hash() -> None:
    swapped = (SCHEMA[1], SCHEMA[0], *SCHEMA[2:])
    renamed = (SCHEMA[0]._replace(name="other_ratio"), *SCHEMA[1:])
    guessed = (SCHEMA[0]._replace(when_missing=0.5), *SCHEMA[1:])
    measured = (SCHEMA[0]._replace(unit="bps"), *SCHEMA[1:])
    longer = (SCHEMA[0]._replace(horizon="2d"), *SCHEMA[1:])
    more = (*SCHEMA, Column(name="x_bps", unit="bps"))
    hashes = [schema_hash(each) for each in (SCHEMA, swapped, renamed, guessed, measured, longer, more)]
    assert len({*hashes, schema_hash(SCHEMA, version=1)}) == 8


def test_a_row_is_read_by_name() -> None:
    found = row(hit_ratio=0.5, ttl_s=9.0)
    assert (found.get("hit_ratio"), found.get("ttl_s"), found.get("leg_count")) == (0.5, 9.0, 1.0)
    with pytest.raises(KeyError):
        found.get("nothing")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_row_is_finite(number: float) -> None:
    with pytest.raises(ValueError, match="values"):
        row(hit_ratio=number)


def test_two_infinities_do_not_hide_each_other() -> None:
    with pytest.raises(ValueError, match="values"):
        row(hit_ratio=math.inf, ttl_s=-math.inf)


def test_a_row_of_this_schema_has_its_width() -> None:
    with pytest.raises(ValueError, match="values"):
        FeatureRow(schema=SCHEMA_HASH, values=MISSING[:-1])
    assert FeatureRow(schema="0123456789ab", values=(1.0, 2.0)).values == (
        1.0,
        2.0,
    )  # rows of older logs stay readable


def test_features_and_baselines_load_neither_torch_nor_numpy(root: Path) -> None:
    code = "import models.baselines, models.infer, sys; print({'torch', 'numpy'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert ran.stdout.strip() == "set()"


def test_models_need_nothing_but_numpy_and_torch_on_a_bare_machine() -> None:
    bare = """
import importlib, pkgutil, sys
class Bare:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in {"models", "numpy", "torch"} and top not in sys.stdlib_module_names:
            raise ImportError(f"{name}: not on a bare machine")
sys.meta_path.insert(0, Bare())
import models
for found in pkgutil.walk_packages(models.__path__, "models."):
    importlib.import_module(found.name)
print("ok")
"""
    done = subprocess.run([sys.executable, "-c", bare], capture_output=True, text=True, check=False)
    assert done.stdout == "ok\n", done.stderr
