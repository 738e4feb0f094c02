"""The numeric floor: as exact as it says, total, the same bits plain and compiled, and compiled once."""

import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import mpmath
import pytest
from mpmath import mpf

from pricing.numeric import elementary, engine, normal, package
from pricing.numeric.fingerprint import fingerprint, shares

TESTS = Path(__file__).resolve().parent.parent
INF, NAN = math.inf, math.nan
Draw = Callable[[random.Random], tuple[float, ...]]


def _uniform(low: float, high: float) -> Draw:
    return lambda dice: (dice.uniform(low, high),)


def _decades(low: float, high: float) -> Draw:
    return lambda dice: (10.0 ** dice.uniform(low, high),)


def _signed(low: float, high: float) -> Draw:
    return lambda dice: (dice.choice((-1.0, 1.0)) * 10.0 ** dice.uniform(low, high),)


def _cdf(x: Any) -> Any:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def _erfcx(x: Any) -> Any:
    if x > 1000:
        z = 1 / (2 * x * x)
        return (1 - z + 3 * z * z - 15 * z**3) / (x * mpmath.sqrt(mpmath.pi))
    return mpmath.exp(x * x) * mpmath.erfc(x)


CASES: list[tuple[str, Callable[..., float], Callable[..., Any], Draw, float]] = [
    ("exp", elementary.exp, mpmath.exp, _uniform(-708.0, 709.7), 1.0),
    ("exp near 0", elementary.exp, mpmath.exp, _uniform(-1.0, 1.0), 1.0),
    ("expm1", elementary.expm1, mpmath.expm1, _uniform(-40.0, 709.0), 1.0),
    ("expm1 near 0", elementary.expm1, mpmath.expm1, _signed(-20.0, 0.5), 1.0),
    ("log", elementary.log, mpmath.log, _decades(-308.0, 308.0), 1.0),
    ("log near 1", elementary.log, mpmath.log, _uniform(0.3, 3.0), 1.0),
    ("log of the smallest", elementary.log, mpmath.log, _decades(-323.0, -308.0), 1.0),
    ("log1p", elementary.log1p, mpmath.log1p, _uniform(-1.0, 3.0), 1.0),
    ("log1p near 0", elementary.log1p, mpmath.log1p, _signed(-20.0, -0.4), 1.0),
    ("log1p of the large", elementary.log1p, mpmath.log1p, _decades(0.0, 300.0), 1.0),
    ("power", elementary.power, mpmath.power, lambda d: (10.0 ** d.uniform(-5, 5), d.uniform(-3, 3)), 1.0),
    ("power, wide", elementary.power, mpmath.power, lambda d: (d.uniform(0.5, 2), d.uniform(-900, 900)), 1.5),
    ("sin", elementary.sin, mpmath.sin, _uniform(-100.0, 100.0), 1.0),
    ("sin of the large", elementary.sin, mpmath.sin, _uniform(-1e6, 1e6), 1.0),
    ("sin near its zeros", elementary.sin, mpmath.sin, lambda d: (d.randrange(1, 300_000) * math.pi,), 1.0),
    ("cos", elementary.cos, mpmath.cos, _uniform(-100.0, 100.0), 1.0),
    ("cos near its zeros", elementary.cos, mpmath.cos, lambda d: (d.randrange(600_000) * math.pi / 2,), 1.0),
    ("tanh", elementary.tanh, mpmath.tanh, _uniform(-21.0, 21.0), 3.0),
    ("tanh near 0", elementary.tanh, mpmath.tanh, _signed(-20.0, 0.0), 3.0),
    ("hypot", elementary.hypot, mpmath.hypot, lambda d: (d.gauss(0, 1), d.gauss(0, 9)), 1.5),
    ("erfcx", normal.erfcx, _erfcx, _uniform(0.0, 9.0), 2.5),
    ("erfcx of the large", normal.erfcx, _erfcx, _decades(0.9, 12.0), 2.5),
    ("erfcx below 0", normal.erfcx, _erfcx, _uniform(-26.0, 0.0), 2.5),
    ("pdf", normal.pdf, mpmath.npdf, _uniform(-37.0, 37.0), 2.5),
    ("cdf", normal.cdf, _cdf, _uniform(-37.5, 8.0), 4.0),
    ("cdf in the middle", normal.cdf, _cdf, _uniform(-3.0, 3.0), 4.0),
]


@pytest.mark.parametrize(
    ("function", "truth", "draw", "ulps"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_within_units_of_the_last_place(
    function: Callable[..., float], truth: Callable[..., Any], draw: Draw, ulps: float
) -> None:
    dice = random.Random(11)
    with mpmath.workdps(50):
        for _ in range(1_500):
            given = draw(dice)
            expected = truth(*map(mpf, given))
            if abs(expected) < mpf("2.3e-308") or abs(expected) > mpf("1.79e308"):
                continue
            error = abs(mpf(function(*given)) - expected) / mpf(math.ulp(float(expected)))
            assert error <= ulps, given


@pytest.mark.parametrize(
    "draw",
    [_uniform(0.0, 1.0), _decades(-15.0, -0.4), _decades(-300.0, -10.0)],
    ids=["middle", "tail", "far"],
)
def test_the_quantile_inverts_the_distribution(draw: Draw) -> None:
    dice = random.Random(12)
    with mpmath.workdps(50):
        for _ in range(1_000):
            (p,) = draw(dice)
            x = normal.quantile(p)
            off = (_cdf(mpf(x)) - mpf(p)) / mpmath.npdf(mpf(x))
            assert abs(off) <= 10 * math.ulp(x), p
            assert normal.quantile(1.0 - p) == -normal.quantile(1.0 - (1.0 - p))


@pytest.mark.parametrize(
    ("function", "given", "expected"),
    [
        (elementary.exp, (INF,), INF), (elementary.exp, (-INF,), 0.0), (elementary.exp, (710.0,), INF),
        (elementary.exp, (-746.0,), 0.0), (elementary.exp, (0.0,), 1.0), (elementary.exp, (NAN,), NAN),
        (elementary.exp, (-745.13,), 5e-324),
        (elementary.expm1, (-INF,), -1.0), (elementary.expm1, (INF,), INF), (elementary.expm1, (-0.0,), -0.0),
        (elementary.expm1, (5e-324,), 5e-324), (elementary.expm1, (NAN,), NAN),
        (elementary.log, (0.0,), -INF), (elementary.log, (-1.0,), NAN), (elementary.log, (INF,), INF),
        (elementary.log, (1.0,), 0.0), (elementary.log, (NAN,), NAN),
        (elementary.log1p, (-1.0,), -INF), (elementary.log1p, (-2.0,), NAN), (elementary.log1p, (-0.0,), -0.0),
        (elementary.log1p, (INF,), INF), (elementary.log1p, (1e-300,), 1e-300),
        (elementary.power, (0.0, 0.0), 1.0), (elementary.power, (0.0, 2.0), 0.0), (elementary.power, (0.0, -2.0), INF),
        (elementary.power, (-2.0, 2.0), NAN), (elementary.power, (INF, 0.5), INF), (elementary.power, (INF, -1.0), 0.0),
        (elementary.power, (0.5, INF), 0.0), (elementary.power, (2.0, -INF), 0.0), (elementary.power, (1.0, NAN), 1.0),
        (elementary.power, (2.0, NAN), NAN), (elementary.power, (10.0, 400.0), INF),
        (elementary.power, (10.0, -400.0), 0.0),
        (elementary.power, (4.0, 0.5), 2.0), (elementary.power, (10.0, 3.0), 1000.0),
        (elementary.sin, (INF,), NAN), (elementary.sin, (-0.0,), -0.0), (elementary.sin, (2.0**21,), NAN),
        (elementary.cos, (0.0,), 1.0), (elementary.cos, (NAN,), NAN),
        (elementary.tanh, (INF,), 1.0), (elementary.tanh, (-INF,), -1.0), (elementary.tanh, (-0.0,), -0.0),
        (elementary.tanh, (NAN,), NAN),
        (normal.erfcx, (0.0,), 1.0), (normal.erfcx, (INF,), 0.0), (normal.erfcx, (-27.0,), INF),
        (normal.erfcx, (1e200,), 0.5641895835477563e-200), (normal.erfcx, (NAN,), NAN),
        (normal.cdf, (0.0,), 0.5), (normal.cdf, (-INF,), 0.0), (normal.cdf, (INF,), 1.0), (normal.cdf, (NAN,), NAN),
        (normal.pdf, (INF,), 0.0), (normal.pdf, (0.0,), 0.3989422804014327), (normal.pdf, (NAN,), NAN),
        (normal.quantile, (0.0,), -INF), (normal.quantile, (1.0,), INF), (normal.quantile, (0.5,), 0.0),
        (normal.quantile, (-0.1,), NAN), (normal.quantile, (1.1,), NAN), (normal.quantile, (NAN,), NAN),
    ],
)  # fmt: skip
def test_at_the_ends(function: Callable[..., float], given: tuple[float, ...], expected: float) -> None:
    found = function(*given)
    assert found == expected or (found != found and expected != expected)
    assert math.copysign(1.0, found) == math.copysign(1.0, expected) or found != found


def test_the_distribution_rises_and_is_symmetric() -> None:
    points = [k / 64.0 for k in range(-2_400, 2_401)]
    found = [normal.cdf(x) for x in points]
    assert all(one <= two for one, two in pairwise(found))
    assert all(normal.cdf(x) + normal.cdf(-x) == pytest.approx(1.0, abs=1e-15) for x in points)
    assert normal.cdf(-38.0) == pytest.approx(2.8854e-316, rel=1e-4)


# --- the engine ------------------------------------------------------------------------------------------------


def _bits(cache: Path, **env: str) -> dict[str, Any]:
    told = subprocess.run(
        [sys.executable, str(TESTS / "numeric_bits.py"), str(cache)],
        cwd=TESTS.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS.parent), str(TESTS))), **env},
        capture_output=True,
        text=True,
        check=True,
        timeout=250,
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_plain_and_compiled_give_the_same_bits_and_compile_once(tmp_path: Path) -> None:
    pytest.importorskip("numba", reason="numba is an extra")
    before = sorted((TESTS.parent / "pricing").rglob("*.nb?"))
    first, second = _bits(tmp_path), _bits(tmp_path)
    count = first["kernels"]
    assert first["said"].endswith(f": 0 of {count} from the cache")
    assert second["said"].endswith(f": {count} of {count} from the cache")
    elsewhere = _bits(tmp_path, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    assert elsewhere["said"].endswith(f": 0 of {count} from the cache"), "another processor has its own code"
    for told in (first, second, elsewhere):
        assert told["same"] == [True, True, True, True]
        assert told["count"] > 600_000
        assert told["hash"] == first["hash"]
        assert set(told["marks"]) == {fingerprint()}
    assert sorted((TESTS.parent / "pricing").rglob("*.nb?")) == before == [], (
        "nothing is written into the package"
    )


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_without_a_folder_or_with_one_that_cannot_be_written_nothing_is_cached(tmp_path: Path) -> None:
    pytest.importorskip("numba", reason="numba is an extra")
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    code = (
        "from pricing.numeric import engine; engine.KERNELS.clear(); engine.KERNELS['fairs'] = engine.FAIRS"
    )
    code += f"; print(engine.warm({str(blocked)!r})); print(engine.warm(None), engine.is_compiled())"
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=150,
    )
    first, second = told.stdout.splitlines()
    assert first.startswith("compiled by numba")
    assert first.endswith(": 0 of 1 from the cache")
    assert second == "compiled already True"
    assert list((TESTS.parent / "pricing").rglob("*.nb?")) == []


def test_without_numba_it_stays_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    if engine.is_compiled():
        pytest.skip("compiled in this process")
    monkeypatch.setitem(sys.modules, "numba", None)
    assert engine.warm(None) == "plain: numba is not installed"
    assert not engine.is_compiled()


def test_the_name_of_compiled_code_changes_with_code_and_constants(monkeypatch: pytest.MonkeyPatch) -> None:
    named = engine.code_hash("1")
    assert named == engine.code_hash("1") != engine.code_hash("2")
    monkeypatch.setattr(normal, "DENSITY", 0.4)
    assert engine.code_hash("1") != named
    monkeypatch.undo()
    monkeypatch.setattr(elementary, "JITTED", elementary.JITTED[1:])
    assert engine.code_hash("1") != named


def test_a_kernel_fills_arrays_and_lists_alike() -> None:
    import numpy as np

    def doubled(source: Any, target: Any, times: int) -> None:
        for i in range(len(source)):
            target[i] = source[i] * times

    kernel = engine.Kernel(doubled, lambda size, size_out, _: size == size_out, 1)
    target = np.zeros(3)
    kernel.bulk(np.array([1.0, 2.0, 3.0]), target, 2)
    assert kernel.run([1.0, 2.0, 3.0], 3, 2) == target.tolist() == [2.0, 4.0, 6.0]


@pytest.mark.parametrize("name", ["options", "black", "implied"])
def test_numbers_that_are_no_whole_rows_never_reach_compiled_code(name: str) -> None:
    import numpy as np

    kernel = engine.KERNELS[name]
    assert isinstance(kernel, engine.Kernel)
    kernel.run([], 0)
    for size, size_out in ((7, 0), (6, 21), (0, 1), (14, 22), (8, 21)):
        with pytest.raises(ValueError, match="do not fit"):
            kernel.run([1.0] * size, size_out)
        with pytest.raises(ValueError, match="do not fit"):
            kernel.bulk(np.ones(size), np.zeros(size_out))


@pytest.mark.parametrize("name", ["worths", "fairs"])
def test_packages_of_another_layout_never_reach_compiled_code(name: str) -> None:
    kernel = engine.KERNELS[name]
    assert isinstance(kernel, engine.Kernel)
    size, right = package.sizes(1, 2)
    if name == "fairs":
        right = 2
    assert kernel.fits(size, right, 1, 2)
    for wrong in (
        (size, right + 1, 1, 2),
        (size - 1, right, 1, 2),
        (size, right, 2, 2),
        (size, right, 1, -2),
    ):
        with pytest.raises(ValueError, match="do not fit"):
            kernel.run([1.0] * wrong[0], *wrong[1:])


def test_the_fingerprint_is_short_and_its_numbers_are_for_ever() -> None:
    assert len(fingerprint()) == 16
    int(fingerprint(), 16)
    share = shares()
    found = [next(share) for _ in range(1_000)]
    assert found[:2] == [0.17545975040345752, 0.6660226166951394]
    assert all(0.0 < one < 1.0 for one in found)
    assert abs(sum(found) / 1_000 - 0.5) < 0.05


def test_the_battery_is_made_of_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    from pricing.numeric import fingerprint as module

    results = [*module._functions(), *module._kernels()]
    assert len(results) > 2_000
    assert all(map(math.isfinite, results))
    mark = fingerprint()
    module._of.cache_clear()
    assert fingerprint() == mark
    module._of.cache_clear()
    monkeypatch.setattr(elementary, "expm1", lambda x: math.nextafter(math.expm1(x), INF))
    assert fingerprint() != mark
    module._of.cache_clear()
