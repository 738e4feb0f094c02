"""Same events in, same bytes out: with other hash seeds, other processors, other numbers of BLAS threads.

A difference here is a change of behaviour. If it is meant, run `python tests/replays/make_golden.py` and read the diff.
"""

import json
import os
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
        timeout=100,
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


BLIND = {
    "NPY_DISABLE_CPU_FEATURES": "",  # filled in below: what this numpy could switch off
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ,-AVX2,-AVX,-FMA,-FMA4",
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
}


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("blind", [False, True], ids=["all the processor has", "no AVX, no FMA"])
@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "compiled"])
def test_whatever_the_processor_offers(threads: str, blind: bool, compiled: bool, tmp_path: Path) -> None:
    if compiled:
        pytest.importorskip("numba", reason="kernels are compiled where numba is installed")
        if threads == "2":
            pytest.skip("compiled kernels know no threads: once is enough")
    env = {**BLIND, "NPY_DISABLE_CPU_FEATURES": cpu_features()} if blind else {}
    asked = ("--compiled", str(tmp_path)) if compiled else ()
    found = run(*asked, OPENBLAS_NUM_THREADS=threads, **env)
    assert found["kernels"].split()[0].strip(":") == ("compiled" if compiled else "plain")
    assert (found["different"], found["head"]) == ([], golden.read()[1][-1].hash)


def test_a_desk_that_reads_the_clock_is_caught() -> None:
    assert run("--mutant", "clock")["different"]


def test_a_desk_that_iterates_a_set_is_caught_by_its_hash_seed() -> None:
    found = [run("--mutant", "set", PYTHONHASHSEED=seed) for seed in ("1", "2", "3")]
    assert any(one["different"] for one in found)
    assert len({one["head"] for one in found}) > 1


def test_one_changed_number_of_the_policy_is_caught() -> None:
    found = run("--mutant", "number")
    assert found["different"], "the effects themselves differ: the policy's hash stands in every decision"
