"""A seed is a world: the same digest from the same seed, anywhere; another from another seed, or one changed number."""

import os
import subprocess
import sys
from decimal import Decimal

import pytest
from msgspec.structs import replace
from sim_worlds import BUSY, make, run_world

from rfq.ops.standard import STANDARD_POLICY
from rfq.sim.population import Rates
from rfq.sim.run import advance, finish
from rfq.sim.world import START_AT

SEED, SECONDS = 7, 240
SCRIPT = (
    "from sim_worlds import run_world; "
    f"result = run_world({SEED}, {SECONDS}); print(result.digest, result.records)"
)


@pytest.fixture(scope="module")
def digest() -> str:
    return run_world(SEED, SECONDS).digest


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_equal_in_another_process_with_another_hash_seed(digest: str, hash_seed: str, root: object) -> None:
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": f"{root}/tests:{root}"}
    env["NPY_DISABLE_CPU_FEATURES"] = "AVX512F AVX512CD AVX512_SKX" if hash_seed == "0" else ""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT], capture_output=True, text=True, env=env, check=True
    )
    assert done.stdout.split()[0] == digest


def test_equal_when_run_in_pieces_and_unwatched(digest: str) -> None:
    world = make(SEED, checked=False)
    for _ in range(8):
        advance(world, SECONDS // 8)
    assert finish(world, SECONDS).digest == digest


def test_another_seed_is_another_world(digest: str) -> None:
    assert run_world(SEED + 1, SECONDS).digest != digest


@pytest.mark.parametrize(
    "change",
    [
        {"requote_move_bps": Decimal("2.01")},
        {"terms": replace(STANDARD_POLICY.terms, edge_bps_min=1.01)},
        {"closed_memory": STANDARD_POLICY.closed_memory + 1},
    ],
)
def test_one_changed_policy_number_is_another_world(digest: str, change: dict[str, object]) -> None:
    assert run_world(SEED, SECONDS, policy=replace(STANDARD_POLICY, **change)).digest != digest


def test_another_rate_or_start_is_another_world(digest: str) -> None:
    assert run_world(SEED, SECONDS, rates=Rates(odd_every_s=61.0)).digest != digest
    assert run_world(SEED, SECONDS, start_at=START_AT + 1).digest != digest


def test_a_busy_world_repeats_itself() -> None:
    assert run_world(5, 60, rates=BUSY) == run_world(5, 60, rates=BUSY)
