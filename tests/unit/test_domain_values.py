"""Values that are valid by construction: quotes and policies."""

from decimal import Decimal
from typing import Any

import pytest
from driver import POLICY
from msgspec.structs import replace

from rfq.domain.effects import SendQuote, WithdrawRfq, is_outward, not_after
from rfq.domain.fills import Fill
from rfq.domain.lifecycle import QuoteState
from rfq.domain.quote import Quote
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Role, Side

D = Decimal


def made(**sides: Any) -> Quote:
    return Quote(
        id="q",  # type: ignore[arg-type]
        rfq="r",  # type: ignore[arg-type]
        maker="m",  # type: ignore[arg-type]
        reference="x",
        state=QuoteState.ACTIVE,
        received_at=0,
        expires_at=1,
        **sides,
    )


@pytest.mark.parametrize(
    ("sides", "field"),
    [
        ({}, "bid"),
        ({"bid": D(1)}, "bid_amount"),
        ({"offer": D(1), "bid_amount": D(1)}, "bid_amount"),
        ({"bid": D(2), "bid_amount": D(1), "offer": D(1), "offer_amount": D(1)}, "bid"),
    ],
)
def test_a_quote_that_makes_no_sense_cannot_be_made(sides: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=rf"^{field}:"):
        made(**sides)


def test_a_taker_lifts_the_offer_and_hits_the_bid() -> None:
    quote = made(bid=D(1), bid_amount=D(2), offer=D(3), offer_amount=D(4))
    assert (quote.price_for(Side.BUY), quote.amount_for(Side.BUY)) == (D(3), D(4))
    assert (quote.price_for(Side.SELL), quote.amount_for(Side.SELL)) == (D(1), D(2))
    assert Side.BUY.wants_offer and not Side.BUY.wants_bid
    assert Side.SELL.wants_bid and not Side.SELL.wants_offer
    assert Side.TWO_WAY.wants_bid and Side.TWO_WAY.wants_offer


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("estimate_deadline_ms", 0),
        ("quote_ttl_ms", -1),
        ("panel_size", 0),
        ("open_rfqs_max", 0),
        ("markout_horizons_s", (10, 1)),
        ("markout_horizons_s", (1, 1)),
        ("closed_memory", -1),
        ("collect_ms", 10**9),
        ("notional_usd_max", D(0)),
        ("position_usd_max", D(-1)),
        ("requote_move_bps", D(0)),
        ("accept_percentile_max", D(0)),
        ("accept_percentile_max", D("1.01")),
    ],
)
def test_a_policy_that_makes_no_sense_cannot_be_made(field: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match=f"^{field}:"):
        replace(POLICY, **{field: wrong})


@pytest.mark.parametrize(
    ("role", "side", "sign"),
    [
        (Role.TAKER, Side.BUY, 1),
        (Role.TAKER, Side.SELL, -1),
        (Role.MAKER, Side.BUY, -1),
        (Role.MAKER, Side.SELL, 1),
    ],
)
def test_the_sign_of_a_fill_is_ours(role: Role, side: Side, sign: int) -> None:
    names = ("id", "rfq", "quote", "accept", "counterparty", "reference")
    numbers = {"amount": D(1), "price": D(1), "fair": D(1), "at": 0}
    fill = Fill(**dict.fromkeys(names, "x"), **numbers, role=role, side=side)  # type: ignore[arg-type]
    assert fill.sign == sign


def test_only_what_commits_us_has_a_last_instant() -> None:
    told = WithdrawRfq(to="d", rfq="r", reason=Reason(code=Code.USER))  # type: ignore[arg-type]
    assert is_outward(told) and not_after(told) == 0
    assert "not_after_at" in SendQuote.__struct_fields__
