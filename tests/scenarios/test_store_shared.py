"""The shared capture of two Binance perpetuals: live rows and rows for training are equal, bit for bit."""

from pathlib import Path

import pytest
from store_captures import joined_on_exchange_time

from rfq.feeds import levels
from rfq.feeds.tables.layout import BOOK, TRADES, file_of
from rfq.store import parts
from rfq.store.checking import check_input
from rfq.store.inputs import Sizes, open_input

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "binance_usdm_20240808"
MS = 1_000_000

pytestmark = pytest.mark.skipif(
    not file_of(SHARED, BOOK).is_file(), reason="the shared capture is not here: nothing to compare"
)


def cut(folder: Path, seconds: int) -> Path:
    """The beginning of the capture."""
    with parts.connect() as tables:
        for kind in (BOOK, TRADES):
            source = parts.quoted(file_of(SHARED, kind))
            target = parts.quoted(file_of(folder / "cut", kind))
            tables.execute(
                f"copy (select * from {source} where ts_recv_ns < (select min(ts_recv_ns) from {source})"
                f" + {seconds * 1_000_000_000}::bigint) to {target} (format parquet)"
            )
    return folder / "cut"


def test_its_first_seconds_at_any_portions(tmp_path: Path) -> None:
    found = open_input(cut(tmp_path, 6), Sizes())
    for seed, portion in ((1, 3), (2, 1_000)):
        parity = check_input(found, every_ns=100 * MS, seed=seed, questions=200, portion_max=portion)
        assert parity.words == ("binance_usdm: Binance's words",)
        assert parity.differences == ()
        assert parity.rows > 100
        assert parity.breaks == 0


def test_a_join_on_exchange_time_is_caught_in_it(tmp_path: Path) -> None:
    found = open_input(cut(tmp_path, 6), Sizes())
    parity = check_input(found, every_ns=100 * MS, seed=1, questions=100, mutant=joined_on_exchange_time)
    assert not parity.is_equal


@pytest.mark.slow
def test_all_of_it(request: pytest.FixtureRequest) -> None:
    levels.warm(str(request.config.cache.mkdir("kernels")))
    found = open_input(SHARED, Sizes())
    parity = check_input(found, every_ns=100 * MS, seed=7, questions=1_000)
    assert parity.differences == ()
    assert (parity.rows, parity.asked, parity.answered) == (6_896, 1_000, 1_000)
    assert parity.numbers > 400_000
    assert parity.known > 0.8
