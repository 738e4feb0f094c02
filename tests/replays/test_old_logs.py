"""What version 0.1.0 wrote is read by this build: every record and snapshot of its golden log, in today's words."""

import golden

from pricing.estimates import Estimates
from pricing.market import MarketSnapshot
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.record import GENESIS, Record, chain_hash, decode_record, encode_record

OLD = golden.FILE.with_name("golden-0.1.0.jsonl")


def test_the_chain_is_what_was_written() -> None:
    head = GENESIS
    for line in golden.read(OLD)[1]:
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
