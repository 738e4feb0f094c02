"""Rows for training, joined to the history of a world, are the rows that its desk's models were asked about."""

from pathlib import Path

import pytest

from models.features import FLOW, INDEX
from rfq.audit.log import AuditLog
from rfq.cli.features_options import Options
from rfq.cli.features_sim import gatherer_of, taped
from rfq.domain.effects import Estimate
from rfq.domain.record import decode_record
from rfq.feeds.said import Market
from rfq.store.building import AGE, FLOW_KNOWN_AT, Made, add_market, join_requests
from rfq.store.gathering import Rows, Source
from rfq.store.history import History
from rfq.store.requests import logged_requests
from rfq.store.tapes import tell

NAMES = [column.name for column in FLOW]


@pytest.mark.parametrize("late_ns", [0, 1_000_000_000])
def test_a_joined_row_is_the_row_that_a_model_was_asked_about(tmp_path: Path, late_ns: int) -> None:
    with AuditLog.open(":memory:", writable=True, fsync=False) as log:
        taped(Options(minutes=5.0, seed=3), log, tmp_path / "tape.parquet")
        requests = logged_requests(log)
        asked = {}
        for _, body in log.bodies():
            record = decode_record(body)
            for effect in record.effects:
                if isinstance(effect, Estimate):
                    asked.setdefault(record.received_at, effect.row)
    rows = Rows()
    tell(tmp_path / "tape.parquet", gatherer_of(rows))
    history = History(tmp_path / "store")
    add_market(history, rows, Made("test", 1), recipe={}, read=())
    sources = [Source(Market("sim", name), name) for name in ("BTC", "ETH")]
    shifted = requests._replace(at=requests.at + late_ns)
    joined = join_requests(history, shifted, sources, age_max_ns=None)
    assert joined.requests == len(requests.at) == len(joined.columns[FLOW_KNOWN_AT])
    compared = different = 0
    for place, at in enumerate(requests.at.tolist()):
        row = asked.get(at)
        if row is not None and joined.columns[FLOW_KNOWN_AT][place]:
            assert 0.0 <= joined.columns[AGE][place] < 1_000.0
            compared += len(NAMES)
            different += sum(
                [row.values[INDEX[name]] != float(joined.columns[name][place]) for name in NAMES]
            )
    assert compared > 100 * len(NAMES)
    assert (different == 0) == (late_ns == 0), "a row of another second is not the row of this one"
