"""What earlier builds wrote is read by this one: every record and snapshot of their golden logs, in today's words.

`golden-0.2.0-flow-1` is the beginning of the log of a build before features had their second version.
"""

from pathlib import Path

import golden
import pytest

from models.features import WIDTH, schema_hash
from pricing.estimates import Estimates
from pricing.market import MarketSnapshot
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.record import GENESIS, Record, chain_hash, decode_record, encode_record
from rfq.store.definitions import columns_of_schema, version_of

OLD = golden.FILE.with_name("golden-0.1.0.jsonl")
BEFORE_FEATURES = golden.FILE.with_name("golden-0.2.0-flow-1.jsonl")


@pytest.mark.parametrize("file", [OLD, BEFORE_FEATURES], ids=lambda file: file.stem)
def test_the_chain_is_what_was_written(file: Path) -> None:
    head = GENESIS
    for line in golden.read(file)[1]:
        head = chain_hash(head, line.body)
        assert line.hash == head
        assert canon.is_canonical(line.body, Record)


def test_every_record_is_read_and_means_the_same() -> None:
    _, lines = golden.read(OLD)
    records = [decode_record(line.body) for line in lines]
    assert len(records) > 120
    for record in records:
        assert decode_record(encode_record(record)) == record
    opened = records[0].event
    assert type(opened) is ev.ChainOpened
    assert opened.numerics == "" and next(one.name for one in opened.instruments) == "BTC-PERPETUAL"
    answers = [one.event.estimates for one in records if type(one.event) is ev.Estimated]
    assert answers and all(type(one) is Estimates for one in answers)
    sent = [effect for one in records for effect in one.effects if type(effect) is fx.SendQuote]
    assert sent
    for effect in sent:  # the waterfalls of then still add up
        for wire, steps in (
            (effect.price.bid, effect.price.bid_lines),
            (effect.price.offer, effect.price.offer_lines),
        ):
            assert wire is None or sum(line.amount for line in steps) == wire


def test_its_snapshots_are_read_in_the_new_words() -> None:
    snapshots, _ = golden.read(OLD)
    assert snapshots
    for shown in snapshots.values():
        assert type(shown) is MarketSnapshot
        (under,) = shown.underlyings
        assert under.index_at == shown.at
        assert under.books[0].bids[0][0] < under.books[0].offers[0][0]
        assert under.surface is not None and under.curve is not None
        smile, pillar = under.surface.smiles[-1], under.curve.pillars[-1]
        assert smile.expiry_at == pillar.expiry_at
        years = (smile.expiry_at - shown.at) / (365 * 86_400 * 10**9)
        middle = smile.a + smile.b * smile.s
        assert abs((middle / years) ** 0.5 - 0.55) < 1e-9


def test_flows_and_rows_of_the_first_version_are_read_and_named() -> None:
    assert b'"_":"Flow.1"' in BEFORE_FEATURES.read_bytes().replace(b"\\", b"")
    snapshots, lines = golden.read(BEFORE_FEATURES)
    assert len(snapshots) > 20
    for shown in snapshots.values():
        flow = shown.underlyings[0].flow
        assert (flow.ofi_ratio_10s, flow.signed_flow_usd_60s, flow.return_bps_60s) == (0.0, 0.0, 0.0)
        assert flow.book_known_flag is None and flow.ofi_ratio_60s is None
        assert canon.decode(canon.encode(shown), MarketSnapshot) == shown
        assert shown.calendar is None
    records = [decode_record(line.body) for line in lines]
    rows = [effect.row for one in records for effect in one.effects if type(effect) is fx.Estimate]
    assert rows
    for row in rows:
        columns = columns_of_schema(row.schema)
        assert columns is not None and version_of(row.schema) == 1
        assert len(columns) == len(row.values) < WIDTH
        assert schema_hash(columns, 1) == row.schema
    for record in records:
        assert decode_record(encode_record(record)) == record
