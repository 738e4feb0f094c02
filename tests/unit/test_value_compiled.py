"""A structure is worth the same bits whether its kernel is compiled or not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_values_are_the_same_bits_plain_and_compiled(tmp_path: Path) -> None:
    pytest.importorskip("numba", reason="numba is an extra")
    told = subprocess.run(
        [sys.executable, str(TESTS / "value_bits.py"), str(tmp_path)],
        cwd=TESTS.parent,
        env={**os.environ, "PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )
    found = json.loads(told.stdout)
    assert found["said"].startswith("compiled by numba")
    assert found["same"] is True
    assert found["priced"] > 300
