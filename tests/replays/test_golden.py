"""Same events in, same bytes out: with other hash seeds, other processors, other numbers of BLAS threads.

A difference here is a change of behaviour. If it is meant, run `python tests/replays/make_golden.py` and read the diff.
"""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import golden
import pytest

from rfq.domain import canon
from rfq.domain.record import GENESIS, Record, chain_hash, decode_record

TESTS = Path(__file__).resolve().parent.parent
AVX = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX2 FMA3"
GLIBC = (
    "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ,-AVX2,-AVX2_Usable,-AVX,-FMA,-FMA_Usable,-FMA4"
)
PLAINEST = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
"""What compiled code may use then: what every processor of the architecture has."""


def run(*arguments: str, **env: str) -> dict[str, Any]:
    """A fresh process, which also loads numpy before the desk."""
    code = "import sys, numpy, runpy; sys.argv[0] = 'golden'; runpy.run_module('golden', run_name='__main__')"
    told = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=TESTS,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=True,
        timeout=280,
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def cpu_features() -> str:
    """Those of the vector extensions that this numpy could switch off here."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return " ".join(name for name in __cpu_dispatch__ if __cpu_features__.get(name) and name in AVX.split())


def test_the_stored_log_is_whole() -> None:
    snapshots, records = golden.read()
    head = GENESIS
    kinds = set()
    for place, line in enumerate(records, 1):
        head = chain_hash(head, line.body)
        assert (line.number, line.hash) == (place, head)
        assert canon.is_canonical(line.body, Record)
        record = decode_record(line.body)
        assert not record.market or record.market in snapshots
        kinds |= {type(record.event).__name__, *(type(effect).__name__ for effect in record.effects)}
    assert len(records) > 120
    assert len(kinds) > 40, "both lives, and what can go wrong in them"
    assert all(canon.hash_of(shown) == name for name, shown in snapshots.items())


def test_handling_the_events_again_gives_the_same_bytes() -> None:
    different, head = golden.replay()
    assert not different
    assert head == golden.read()[1][-1].hash


def test_playing_the_script_again_gives_the_same_file() -> None:
    assert "\n".join(golden.lines_of(golden.play())) + "\n" == golden.FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize("seed", ["1", "2"])
def test_whatever_the_hash_seed(seed: str) -> None:
    assert run(PYTHONHASHSEED=seed)["head"] == golden.read()[1][-1].hash


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where compiled kernels are kept for all of these runs."""
    return str(tmp_path_factory.mktemp("kernels"))


def least() -> dict[str, str]:
    """The environment in which numpy, the C library and compiled code use no vector extension of this processor."""
    return {"NPY_DISABLE_CPU_FEATURES": cpu_features(), "GLIBC_TUNABLES": GLIBC, **PLAINEST}


@pytest.mark.parametrize("threads", ["1", "2"])
def test_whatever_the_processor_offers(threads: str) -> None:
    found = run(OPENBLAS_NUM_THREADS=threads, **least())
    assert (found["different"], found["head"]) == ([], golden.read()[1][-1].hash)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_whatever_the_processor_offers_compiled(kernels: str) -> None:
    pytest.importorskip("numba", reason="numba is an extra")
    head = golden.read()[1][-1].hash
    for env in ({}, least()):
        found = run("--compiled", kernels, **env)
        assert found["kernels"].startswith("compiled")
        assert (found["different"], found["head"]) == ([], head), env


@pytest.mark.skipif(
    sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="for the GNU C library"
)
def test_the_switches_do_switch_something_off() -> None:
    """Else the tests above would prove nothing: on a processor with FMA, glibc's own exponential changes its bits."""
    if "fma" not in Path("/proc/cpuinfo").read_text().split():
        pytest.skip("this processor has no FMA")
    code = "import math; print([math.exp(k / 977.0).hex() for k in range(-9000, 9000)])"
    told = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, **env}, capture_output=True, check=True
        ).stdout
        for env in ({}, least())
    }
    assert len(told) == 2


def test_a_desk_that_reads_the_clock_is_caught() -> None:
    assert run("--mutant", "clock")["different"]


def test_a_desk_that_iterates_a_set_is_caught_by_its_hash_seed() -> None:
    found = [run("--mutant", "set", PYTHONHASHSEED=seed) for seed in ("1", "2", "3")]
    assert any(one["different"] for one in found)
    assert len({one["head"] for one in found}) > 1


def test_one_changed_number_of_the_policy_is_caught() -> None:
    found = run("--mutant", "number")
    assert found["different"], "the effects themselves differ: the policy's hash stands in every decision"
