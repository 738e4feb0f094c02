"""The waterfall: each line in its place, its unit, and the prices that may not be shown."""

import math
from typing import Any

import msgspec
import pytest
from pricing_cases import CALL_60, CALL_65, ESTIMATES, PERP, PUT_60, TERMS, D, logistic, quoted, terms, worth

from pricing.inventory import skew_bps
from pricing.quoting import LINES, QuotePrice
from pricing.spread import best_on
from pricing.terms import QuoteTerms, SkewTable
from pricing.valuation import Valuation

FLAT = Valuation(
    fair=60_000.0,
    currency="USD",
    bp=6.0,
    notional_usd=1.0,
    delta_net_usd=1.0,
    underlying="BTC",
    width_bps=0.0,
    uncertainty_bps=0.0,
)
STEPS = ("fair", "fees", "funding", "hedge", "doubt", "skew", "edge", "tick")
MARGIN = {"margin_ratio": 0.2, "margin_rate_yearly": 0.05, "hold_hours": 87.6}


def offered(found: QuotePrice) -> dict[str, D]:
    return {line.name: line.amount for line in found.offer_lines}


def bid_for(found: QuotePrice) -> dict[str, D]:
    return {line.name: line.amount for line in found.bid_lines}


def test_lines_that_add_up_each_with_its_unit() -> None:
    found = quoted(FLAT, inventory_usd=2e6, age_ms=1_000.0)
    assert found.bid is not None and found.offer is not None
    for side, lines in ((found.bid, found.bid_lines), (found.offer, found.offer_lines)):
        assert tuple(line.name for line in lines) == STEPS
        assert {line.unit for line in lines} == {"USD"}
        assert sum((line.amount for line in lines), D(0)) == side
    bid, offer = bid_for(found), offered(found)
    assert bid["fair"] == offer["fair"] == found.fair == D(60_000)
    assert (bid["fees"], bid["hedge"], bid["doubt"]) == (
        D("-1.8"),
        D(-12),
        D(-3),
    )  # 0.3, 2 and 0.5 bps at 6 a bp
    assert (offer["fees"], offer["hedge"], offer["doubt"]) == (D("1.8"), D(12), D(3))
    assert bid["skew"] == D("-12.3")  # 2 bps for what is held, 0.05 for half of what is added
    assert offer["skew"] == D("-11.7")
    assert bid["funding"] == offer["funding"] == 0
    assert bid["edge"] < 0 < offer["edge"]
    assert -D("0.5") < bid["tick"] <= 0 <= offer["tick"] < D("0.5")


def test_margin_has_a_line_only_where_it_costs() -> None:
    found = quoted(FLAT, terms=terms(**MARGIN))
    assert tuple(line.name for line in found.bid_lines) == LINES
    assert tuple(line.name for line in found.offer_lines) == LINES
    assert (bid_for(found)["margin"], offered(found)["margin"]) == (D(-6), D(6))
    assert sum((line.amount for line in found.offer_lines), D(0)) == found.offer


def test_carry_moves_both_prices_the_same_way() -> None:
    still, paid = quoted(FLAT), quoted(FLAT, carry_usd=2e-4)
    assert (
        still.bid is not None and still.offer is not None and paid.bid is not None and paid.offer is not None
    )
    assert bid_for(paid)["funding"] == offered(paid)["funding"] == D(12)
    assert paid.bid > still.bid
    assert paid.offer > still.offer


def test_venue_fees_widen() -> None:
    found = quoted(FLAT, fees_usd=5e-5)
    assert (bid_for(found)["fees"], offered(found)["fees"]) == (D("-4.8"), D("4.8"))


def test_an_options_lines_are_in_coin() -> None:
    found = quoted(worth((CALL_60, "1")), amount=10.0, tick=D("0.0001"))
    assert {line.unit for line in (*found.bid_lines, *found.offer_lines)} == {"BTC"}


def test_the_edge_is_the_best_distance_beyond_everything_else() -> None:
    found = quoted(FLAT, amount=0.0)
    assert float(offered(found)["edge"]) == pytest.approx(6.0 * (best_on(ESTIMATES, 2.3)[0] - 2.3), abs=1e-2)
    held = quoted(FLAT, amount=0.0, inventory_usd=3e6)
    expected = best_on(ESTIMATES, 2.3 - 3.0)[0] - (2.3 - 3.0)
    assert float(offered(held)["edge"]) == pytest.approx(6.0 * expected, abs=1e-2)
    expected = best_on(ESTIMATES, 2.3 + 3.0)[0] - (2.3 + 3.0)
    assert float(bid_for(held)["edge"]) == pytest.approx(-6.0 * expected, abs=1e-2)


def test_the_policys_floors_hold() -> None:
    found = quoted(FLAT, terms=terms(edge_bps_min=50.0))
    assert offered(found)["edge"] == D(300)
    risky = quoted(FLAT, terms=terms(edge_bps_min=50.0, vol_weight=0.5), risk_bps=4.0)
    assert offered(risky)["edge"] == D(312)
    wide = quoted(FLAT, terms=terms(half_spread_bps_min=50.0))
    for lines, far in ((offered(wide), 300), (bid_for(wide), -300)):
        assert sum(lines[name] for name in ("fees", "hedge", "doubt", "edge")) == D(far)


def test_skew_leans_against_what_is_held_and_is_bounded() -> None:
    assert skew_bps(FLAT, 2e6, TERMS) == pytest.approx(-2.0)
    assert skew_bps(FLAT, -2e6, TERMS) == pytest.approx(2.0)
    assert skew_bps(FLAT, 1e9, TERMS) == -10.0
    assert skew_bps(FLAT, -1e9, TERMS) == 10.0
    put = worth((PUT_60, "1"))
    assert skew_bps(put, 2e6, TERMS) > 0.0  # a put takes from a long position
    assert skew_bps(worth((CALL_60, "1")), 2e6, TERMS) < 0.0


def test_a_table_of_skews_is_read_between_its_points() -> None:
    table = SkewTable(held_usd=(-1e6, 0.0, 2e6), skew_bps=(5.0, 0.0, -4.0), source="ladder")
    assert [table.at(held) for held in (-9e9, -1e6, -5e5, 0.0, 1e6, 2e6, 9e9)] == [5, 5, 2.5, 0, -2, -4, -4]
    assert SkewTable().at(1e6) == 0.0
    assert SkewTable(held_usd=(0.0,), skew_bps=(1.0,)).at(3.0) == 1.0
    both = terms(skew_table=table)
    assert skew_bps(FLAT, 1e6, both) == pytest.approx(-3.0)
    short = msgspec.structs.replace(FLAT, delta_net_usd=-0.5)
    assert skew_bps(short, 1e6, both) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("field", "table"),
    [
        ("skew_bps", {"held_usd": (0.0, 1.0), "skew_bps": (1.0,)}),
        ("held_usd", {"held_usd": (0.0, 0.0), "skew_bps": (1.0, 0.0)}),
        ("held_usd", {"held_usd": (0.0, math.nan), "skew_bps": (1.0, 0.0)}),
        ("skew_bps", {"held_usd": (0.0, 1.0), "skew_bps": (0.0, 1.0)}),
        ("skew_bps", {"held_usd": (0.0, 1.0), "skew_bps": (math.inf, 1.0)}),
    ],
)
def test_no_table_without_sense(field: str, table: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{field}"):
        SkewTable(**table)


def test_one_side_only() -> None:
    both = quoted(FLAT)
    bid, offer = quoted(FLAT, offer=False), quoted(FLAT, bid=False)
    assert (bid.bid, bid.bid_lines, bid.offer, bid.offer_lines) == (both.bid, both.bid_lines, None, ())
    assert (offer.offer, offer.offer_lines, offer.bid, offer.bid_lines) == (
        *(both.offer, both.offer_lines),
        *(None, ()),
    )
    neither = quoted(FLAT, bid=False, offer=False)
    assert (neither.bid, neither.offer, neither.fair) == (None, None, D(60_000))


def test_one_instrument_is_never_bid_at_zero() -> None:
    cheap = msgspec.structs.replace(worth((CALL_65, "1")), fair=0.00002)
    found = quoted(cheap, amount=1.0, tick=D("0.0001"))
    assert (found.bid, found.bid_lines) == (None, ())
    assert found.offer is not None and found.offer > 0
    free = terms(
        cost_weight=0.0,
        fee_bps=0.0,
        edge_bps_min=0.0,
        half_spread_bps_min=0.0,
        uncertainty_weight=0.0,
        vega_vol_points=0.0,
    )
    keen = logistic(0.0, 1e6, theta=0.0, half=1e-5)
    below_a_tick = msgspec.structs.replace(cheap, fair=0.00005)
    found = quoted(below_a_tick, amount=1.0, tick=D("0.0001"), terms=free, estimates=keen)
    assert (found.bid, found.offer) == (None, D("0.0001"))  # rounded down to zero
    spread = msgspec.structs.replace(cheap, signed=True)
    found = quoted(spread, amount=1.0, tick=D("0.0001"))
    assert found.bid is not None and found.bid < 0
    sunk = msgspec.structs.replace(FLAT, fair=1.0, bp=6.0)
    held = quoted(sunk, inventory_usd=1e9, terms=terms(edge_bps_min=0.0, skew_bps_max=100.0))
    assert (held.bid, held.offer) == (None, None)


def test_a_pair_is_never_locked() -> None:
    free = terms(
        cost_weight=0.0, fee_bps=0.0, edge_bps_min=0.0, half_spread_bps_min=0.0, risk_aversion_bps_per_usd=0.0
    )
    keen = logistic(0.0, 1e6, theta=0.0, half=1e-5)
    found = quoted(FLAT, terms=free, estimates=keen)
    assert (found.bid, found.offer) == (D(60_000), D("60000.5"))
    assert found.offer_lines[-1].amount == D("0.5")
    assert sum((line.amount for line in found.offer_lines), D(0)) == found.offer


def test_prices_are_spelled_plainly() -> None:
    found = quoted(worth((PERP, "1")), tick=D("0.50"))
    for line in (*found.bid_lines, *found.offer_lines):
        assert "E" not in str(line.amount)
        assert (
            str(line.amount) == str(line.amount.normalize()) or line.amount == line.amount.to_integral_value()
        )
    assert msgspec.json.decode(msgspec.json.encode(found), type=type(found)) == found


NUMBERS = [field for field in TERMS.__struct_fields__ if isinstance(getattr(TERMS, field), float)]


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("number", [-0.1, math.nan, math.inf])
def test_no_terms_without_sense(field: str, number: float) -> None:
    with pytest.raises(ValueError, match=f"^{field}"):
        terms(**{field: number})


@pytest.mark.parametrize(
    ("field", "number"),
    [
        ("cost_quantile", 1.0),
        ("cost_quantile", 0.0),
        ("vega_power", 0.9),
        ("vega_power", 3.1),
        ("vega_scale_usd", 0.0),
    ],
)
def test_numbers_with_a_range_of_their_own(field: str, number: float) -> None:
    with pytest.raises(ValueError, match=f"^{field}"):
        terms(**{field: number})


def test_no_term_has_a_default() -> None:
    assert all(field.required for field in msgspec.structs.fields(QuoteTerms))
