"""What all tests share: how hard hypothesis tries, and where recorded market data may lie."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("nightly", parent=settings.get_profile("ci"), derandomize=False, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared designs and recorded data beside the repository; absent on most machines."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("recorded data is not on this machine: there is no ../shared beside the repository")
    return folder


@pytest.fixture(autouse=True)
def plain_books() -> Iterator[None]:
    """Books that a test has compiled are plain again for the next one: no test depends on which ran before."""
    yield
    engine = sys.modules.get("rfq.feeds.compiled.engine")
    if engine is not None:
        engine._ready.clear()
