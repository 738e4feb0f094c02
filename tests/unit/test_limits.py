"""Limits: only `approve` makes an Approved, and every branch of what it looks at."""

from decimal import Decimal
from typing import Any

import driver
import pytest
from driver import SPREAD, Driver, ask, the
from msgspec.structs import replace

from pricing.estimates import DISTANCES
from rfq.desk import limits
from rfq.desk.limits import Approved, Facts
from rfq.desk.response import fall_back
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Side

D = Decimal


def facts(**changed: Any) -> Facts:
    """A desk that holds nothing and may trade this."""
    usual: dict[str, Any] = {
        "policy": driver.policy(notional_usd_max=D(1_000), position_usd_max=D(500)),
        "killed": False,
        "reachable": True,
        "notional_usd": 1_000.0,
        "exposure_usd": D(0),
        "delta_usd": 500.0,
        "fair": 60_000.0,
        "bp": 6.0,
    }
    return Facts(**{**usual, **changed})


@pytest.fixture
def offer() -> fx.SendQuote:
    """A quote with both sides."""
    return Driver().quoted()


def test_nobody_else_makes_an_approved(offer: fx.SendQuote) -> None:
    with pytest.raises(AssertionError, match=r"only limits\.approve"):
        Approved(offer, object())
    made = limits.approve(offer, facts())
    assert isinstance(made, Approved) and made.effect is offer


def test_what_commits_us_cannot_be_asked_for_without_it(offer: fx.SendQuote) -> None:
    from rfq.desk.turn import Turn
    from rfq.domain.events import MarketMoved, Stamped

    world = Driver()
    stamped = Stamped(number=9, at=world.at, received_at=world.at, event=MarketMoved(underlying="BTC"))
    with pytest.raises(AssertionError, match=r"limits\.approve"):
        Turn(world.desk.state, stamped).add(offer)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"killed": True}, Code.KILLED),
        ({"reachable": False}, Code.SESSION_DOWN),
        ({"notional_usd": 1_000.01}, Code.LIMIT_NOTIONAL),
        ({"delta_usd": 500.01}, Code.LIMIT_POSITION),
        ({"exposure_usd": D("0.01")}, Code.LIMIT_POSITION),
        ({"exposure_usd": D("-0.01")}, Code.LIMIT_POSITION),
    ],
)
def test_each_limit_refuses_just_beyond_itself(
    changed: dict[str, Any], code: Code, offer: fx.SendQuote
) -> None:
    refused = limits.approve(offer, facts(**changed))
    assert isinstance(refused, Reason) and refused.code is code


def test_what_brings_the_position_nearer_to_zero_is_allowed_beyond_the_limit() -> None:
    long = facts(exposure_usd=D(5_000))
    assert limits.may_sell(long) and not limits.may_buy(long)
    short = facts(exposure_usd=D(-5_000))
    assert limits.may_buy(short) and not limits.may_sell(short)
    through = facts(exposure_usd=D(600), delta_usd=1_300.0)
    assert not limits.may_sell(through), "through zero and out on the other side is no reduction"


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_an_acceptance_is_judged_by_its_own_side(side: Side) -> None:
    world = Driver(driver.policy(panel_size=1))
    rfq = world.need(side, ask(side, 50_000))
    price = 60_001 if side is Side.BUY else 59_999
    dealer = world.desk.state.cards[rfq].panel[0]
    effect = the(world.offer(dealer, rfq, price, 50_000, bid=side is Side.SELL), fx.AcceptQuote)
    held = facts(exposure_usd=D(500))
    found = limits.approve(effect, held)
    assert isinstance(found, Reason) is (side is Side.BUY)


def test_a_structure_s_delta_counts_with_its_sign() -> None:
    world = Driver(driver.policy(position_usd_max=D(1_000_000)))
    made = world.quoted(ask(Side.TWO_WAY, 25, SPREAD))
    world.accept(made)
    held = world.desk.state.exposures["BTC"]
    assert held < 0, "we sold a call spread"
    world.accept(world.quoted(ask(Side.TWO_WAY, 25, SPREAD)), Side.SELL, reference="b")
    assert abs(world.desk.state.exposures["BTC"]) < D("0.001") * abs(held)


def test_what_already_stands_counts() -> None:
    open_both = facts(outstanding=(400, -400))
    assert not limits.may_buy(open_both) and not limits.may_sell(open_both)
    down = facts(outstanding=(0, -400), delta_usd=100.0)
    assert limits.may_buy(down) and limits.may_sell(down)
    assert not limits.may_sell(facts(outstanding=(0, -401), delta_usd=100.0))


def test_quotes_that_stand_together_cannot_pass_the_limit() -> None:
    world = Driver(driver.policy(position_usd_max=D(250_000)))
    first, second = world.quoted(ask(Side.BUY)), world.quoted(ask(Side.BUY))
    refused = world.answer(world.ask_us(ask(Side.BUY)))
    assert the(refused, fx.RefuseRfq).reason.code is Code.LIMIT_POSITION
    the(world.accept(first, reference="one"), fx.ConfirmFill)
    the(world.accept(second, reference="two"), fx.ConfirmFill)
    assert world.desk.state.positions["BTC-PERPETUAL"] == D(-200_000)
    assert world.desk.state.outstanding["BTC"] == (0, 0)


def test_a_price_far_from_fair_is_nobodys_price(offer: fx.SendQuote) -> None:
    strict = driver.policy(notional_usd_max=D(1_000), position_usd_max=D(500), price_band_bps=D("0.01"))
    assert limits.approve(offer, facts(policy=strict)).code is Code.LIMIT_PRICE  # type: ignore[union-attr]


def test_a_model_whose_numbers_make_no_price_is_replaced_by_the_closed_form() -> None:
    world = Driver(driver.policy(price_band_bps=D(200)))
    estimate = world.ask_us()
    wild = replace(fall_back(estimate.row), markout_bps=(-1e6,) * len(DISTANCES))
    effects = world(ev.Estimated(rfq=estimate.rfq, model="wild", estimates=wild))
    assert the(effects, fx.SendQuote).fallback
