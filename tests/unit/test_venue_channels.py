"""Channels asked for, confirmed, and asked for again; rows of which some are bad; numbers that are too large."""

import msgspec

from rfq.feeds import levels
from rfq.feeds.said import ClockSaid, ListingSaid, TickerSaid, Trouble
from rfq.feeds.venues.channels import Channels, enumerated
from rfq.feeds.venues.deribit import MARKETS, Deribit
from rfq.feeds.venues.deribit_lists import Options, chain_of
from rfq.feeds.venues.okx import Okx
from rfq.feeds.venues.reading import Fault
from rfq.feeds.venues.rows import both, rows

S = 10**9
NOW = 1_795_600_000 * S


def test_a_channel_is_there_once_it_is_confirmed_until_it_is_asked_for_again() -> None:
    channels = Channels(first_ns=10, longest_ns=30)
    channels.ask("a", "book", 0)
    assert not channels.is_there("a", "book")
    assert channels.confirmed("a", "book") and channels.is_there("a", "book")
    assert not channels.confirmed("a", "book"), "nobody asked for it again"
    assert not channels.confirmed("a", "other") and not channels.is_there("a", "other")
    channels.ask("a", "book", 5)
    assert not channels.is_there("a", "book")


def test_pauses_double_up_to_the_longest_and_end_with_the_link() -> None:
    channels = Channels(first_ns=10, longest_ns=30)
    channels.ask("a", "book", 0)
    channels.ask("b", "book", 5)
    told = [at for at in range(200) if "a" in channels.late(at)]
    assert told == [10, 30, 60, 90, 120, 150, 180]
    channels.drop("b", "book")
    channels.closed("a")
    assert channels.late(10_000) == {}


def test_many_names_are_cut_short() -> None:
    assert enumerated(["a", "b"]) == "a, b"
    assert enumerated(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_rows_are_read_one_by_one() -> None:
    decoder = msgspec.json.Decoder(int)
    assert rows(decoder, msgspec.Raw(b"[1,2]"), "x") == ([1, 2], [])
    good, faults = rows(decoder, msgspec.Raw(b'[1,"a",2,' + b"[" * 2_000 + b"]" * 2_000 + b"]"), "x")
    assert good == [] and len(faults) == 1  # not even the array can be read so deeply
    good, faults = rows(decoder, msgspec.Raw(b'[1,"a",2]'), "x")
    assert good == [1, 2] and faults[0].where == "x row 1"
    assert isinstance(rows(decoder, msgspec.Raw(b'{"a":1}'), "x")[1][0], Fault)


def test_both_sides_must_be_levels_and_it_is_said_which_is_not() -> None:
    good, bad = msgspec.Raw(b'[["1","2"]]'), msgspec.Raw(b'[["1","2"],["x","2"]]')
    assert not isinstance(both(good, good, levels.USUAL, levels.PAIRS, "book"), Fault)
    for bids, asks, side in ((bad, good, "bids"), (good, bad, "asks")):
        fault = both(bids, asks, levels.USUAL, levels.PAIRS, "book")
        assert isinstance(fault, Fault) and fault.where.startswith(f"book {side}")


def test_what_is_no_longer_listed_is_gone_and_other_chains_stay() -> None:
    options = Options([chain_of("btc_usd"), chain_of("btc_usdc"), chain_of("eth_usdc")])
    assert options.note("list:BTC:option", ["BTC-1-C", "BTC-2-C"]) == (["BTC-1-C", "BTC-2-C"], [])
    assert options.note("list:USDC:option", ["BTC_USDC-1-C", "SOL_USDC-1-C"]) == (["BTC_USDC-1-C"], [])
    assert options.note("list:BTC:option", ["BTC-2-C", "BTC-3-C"]) == (["BTC-3-C"], ["BTC-1-C"])
    assert options.note("list:BTC:future", ["BTC-PERPETUAL"]) == ([], [])
    assert list(options.listed) == ["BTC_USDC-1-C", "BTC-2-C", "BTC-3-C"]


def test_instants_and_numbers_that_do_not_fit_are_not_said() -> None:
    okx = Okx(["BTC-USDT-SWAP"])
    row = b'{"instId":"BTC-USDT-SWAP","fundingRate":"1e300","fundingTime":"%d","nextFundingTime":"%d",' % (
        10**14,
        10**14 + 1,
    )
    raw = b'{"arg":{"channel":"funding-rate","instId":"BTC-USDT-SWAP"},"data":[' + row + b'"ts":"5"}]}'
    (ticker,) = okx.hear("okx-0", raw, NOW).said
    assert isinstance(ticker, TickerSaid) and ticker.funding_at is None and ticker.funding_8h is None
    raw = raw.replace(b'"fundingRate"', b'"last":"1e300","volCcy24h":"1e300","fundingRate"')
    (ticker,) = okx.hear("okx-0", raw, NOW).said
    assert isinstance(ticker, TickerSaid) and ticker.volume_usd_24h is None
    deribit = Deribit(["BTC-PERPETUAL"])
    deribit.opened(MARKETS, NOW)
    said = deribit.fetched("time", 200, b'{"result":5,"usIn":9223372036854775807,"usOut":5}', NOW, NOW).said
    assert [type(one) for one in said] == [Trouble]
    forever = b'{"result":[{"instrument_name":"X","kind":"future","expiration_timestamp":32503708800000}]}'
    (listing,) = deribit.fetched("list:BTC:future", 200, forever, NOW, NOW).said
    assert isinstance(listing, ListingSaid) and listing.instruments[0].expiry_at == 0
    deribit.tick(NOW + 60 * S)
    (clock,) = deribit.fetched("time", 200, b'{"result":1795600000000}', NOW, NOW).said
    assert isinstance(clock, ClockSaid)
