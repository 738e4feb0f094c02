"""What a raw chain holds that cannot be believed: left out, each with its reason, and nothing else."""

import math

import pytest
from msgspec.structs import replace
from surface_cases import AT, FORWARD, chain, price_of, quote_of, smile_of

from pricing.surface.quotes import Cleaned, Cleaning, OptionQuote, clean
from pricing.surface.stdevs import implied_stdev, out_of_the_money
from pricing.units import DAY_NS, NS_PER_S


def reasons(cleaned: Cleaned) -> list[tuple[str, str]]:
    return [(one.part, one.reason) for one in cleaned.dropped]


def one_less(change: dict[str, object], place: int = 30) -> tuple[Cleaned, Cleaned, OptionQuote]:
    quotes = chain()
    whole = clean(quotes)
    bad = replace(quotes[place], **change)
    return whole, clean([*quotes[:place], bad, *quotes[place + 1 :]]), bad


def test_a_sound_chain_loses_nothing() -> None:
    found = clean(chain())
    assert len(found.quotes) == len(chain()) and found.at == AT
    assert all(one.part == "bid" for one in found.dropped)
    for one in found.quotes:
        days = (one.expiry_at - AT) / DAY_NS
        vol = math.sqrt(smile_of(days).variance(one.k) / (days / 365.0))
        assert one.bid_vol <= vol <= one.ask_vol or one.ask_vol - vol < 1e-9
        assert one.k == math.log(one.strike / FORWARD) and one.weight == 1.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"at": AT - 3_600 * NS_PER_S}, "stale: seen 3600 s ago"),
        ({"forward": FORWARD * 1.03}, "its forward is 296 bps from its expiry's"),
        ({"bid": 0.0, "ask": 0.0}, "no bid and no ask"),
        ({"bid": 0.3, "ask": 0.2}, "its bid is not below its ask"),
        ({"bid": 0.2, "ask": 0.2}, "its bid is not below its ask"),
        ({"strike": math.nan}, "its numbers are no prices"),
        ({"ask": math.inf}, "its numbers are no prices"),
        ({"forward": 0.0}, "its numbers are no prices"),
        ({"forward": 1e-320}, "its strike and its forward have nothing to do with each other"),
        ({"strike": 1e300}, "its strike and its forward have nothing to do with each other"),
    ],
)
def test_a_quote_that_cannot_be_believed_is_left_out(change: dict[str, object], words: str) -> None:
    whole, less, bad = one_less(change)
    assert ("quote", words) in reasons(less)
    assert len(less.quotes) == len(whole.quotes) - 1
    assert (bad.expiry_at, bad.strike) not in {(one.expiry_at, one.strike) for one in less.quotes}


def test_a_clock_that_is_ahead() -> None:
    quotes = chain()
    ahead = replace(quotes[3], at=AT + 3_600 * NS_PER_S)
    found = clean([*quotes[:3], ahead, *quotes[4:]], now=AT)
    assert ("quote", "its clock is 3600 s ahead") in reasons(found) and found.at == AT
    expired = replace(quotes[0], expiry_at=AT - NS_PER_S)
    assert ("quote", "it had expired") in reasons(clean([expired, *quotes[1:]], now=AT))
    all_ahead = clean([replace(one, at=one.at + DAY_NS) for one in quotes], now=AT)
    assert not all_ahead.quotes and len(all_ahead.dropped) == len(quotes)


def test_a_missing_bid_and_one_below_intrinsic_leave_the_ask() -> None:
    for bid, words in ((0.0, "missing"), (0.01, "below intrinsic")):
        k = -0.3
        deep = replace(quote_of(9.0, k), bid=bid, ask=1.0 - math.exp(k) + 0.02)
        found = clean([deep])
        assert reasons(found) == [("bid", words)]
        (one,) = found.quotes
        assert one.bid_vol == 0.0 < one.ask_vol and not one.is_two_sided


def test_a_missing_ask_leaves_the_bid_and_an_ask_below_intrinsic_leaves_nothing() -> None:
    found = clean([replace(quote_of(9.0, 0.05), ask=0.0)])
    assert reasons(found) == [("ask", "missing")] and found.quotes[0].bid_vol > 0.0 == found.quotes[0].ask_vol
    found = clean([replace(quote_of(9.0, -0.3), bid=0.1, ask=0.2)])
    assert reasons(found) == [("quote", "its ask is below intrinsic")] and not found.quotes
    found = clean([replace(quote_of(9.0, 0.05), ask=1.2)])
    assert reasons(found) == [("ask", "at or above its upper bound")] and found.quotes[0].bid_vol > 0.0


def test_the_newer_of_two_quotes_of_one_option_counts() -> None:
    new = quote_of(9.0, 0.05)
    old = replace(new, at=AT - 60 * NS_PER_S, bid=new.bid / 2.0)
    assert clean([old, new]).quotes == clean([new]).quotes
    assert reasons(clean([old, new])) == [("quote", "an older quote of the same option")]


def test_a_stale_strike_fades_and_then_goes_and_takes_no_neighbour_along() -> None:
    quotes = [quote_of(30.0, 0.01 * place) for place in range(-8, 9)]

    def weight(vols: float) -> float:
        strange = quotes[9]
        k = math.log(strange.strike / FORWARD)
        moved = price_of(k, smile_of(30.0).variance(k) * (1.0 + vols) ** 2)
        strange = replace(strange, bid=moved - 0.0005, ask=moved + 0.0005)
        found = clean([*quotes[:9], strange, *quotes[10:]])
        kept = {one.strike: one.weight for one in found.quotes}
        assert all(kept[one.strike] == 1.0 for one in quotes if one.strike != strange.strike)
        return kept.get(strange.strike, 0.0)

    weights = [weight(step / 100.0) for step in range(0, 80, 2)]
    assert weights[0] == 1.0 and weights[-1] == 0.0
    assert weights == sorted(weights, reverse=True)
    assert any(0.0 < one < 1.0 for one in weights)


def test_the_rules_can_be_changed() -> None:
    old = replace(quote_of(9.0, 0.05), at=AT - 1_000 * NS_PER_S)
    assert not clean([old], now=AT).quotes
    assert clean([old], now=AT, rules=Cleaning(age_s_max=2_000.0)).quotes


def test_implied_deviations_give_prices_back() -> None:
    ks = [-0.9, -0.2, 0.0, 0.01, 0.3, 1.2]
    for s in (0.02, 0.1, 0.5, 2.0):
        shares = [out_of_the_money(price_of(k, s * s), k, is_call=True) for k in ks]
        puts = [out_of_the_money(price_of(k, s * s, is_call=False), k, is_call=False) for k in ks]
        assert puts == pytest.approx(shares, abs=1e-13)
        for share, k in zip(shares, ks, strict=True):
            if share > 1e-8:
                assert implied_stdev(share, k) == pytest.approx(s, rel=1e-6)
    assert [implied_stdev(share, 0.1) for share in (0.0, -0.1, 1.0, 1.5)] == [0.0, 0.0, math.inf, math.inf]
