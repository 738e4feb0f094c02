"""Instruments and the bought form of every standard structure, for the tests of recognition."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from pricing.instruments import Future, Instrument, Option, Perpetual, Spot
from pricing.structures import Hedge, Leg, Structure
from pricing.units import DAY_NS, NS_PER_S

D = Decimal
NOW = 1_730_000_000 * NS_PER_S
EXPIRIES = tuple(NOW + days * DAY_NS for days in (7, 30, 90, 180))
STRIKES = tuple(D(1000 * n) for n in range(40, 81))


def _terms(inverse: bool, coin: bool) -> dict[str, Any]:
    quote = ("BTC" if coin else "USD") if inverse else "USDC"
    return {
        "underlying": "BTC",
        "quote_currency": quote,
        "settle_currency": "BTC" if inverse else "USDC",
        "inverse": inverse,
        "contract_size": D(1) if coin or not inverse else D(10),
        "tick": D("0.0001") if coin else D("0.5"),
        "lot": D("0.1"),
    }


def option(strike: Decimal | int, call: bool, expiry_at: int = EXPIRIES[1], inverse: bool = True) -> Option:
    name = f"BTC{'' if inverse else '_USDC'}-{expiry_at // DAY_NS}-{strike}-{'C' if call else 'P'}"
    return Option(name=name, expiry_at=expiry_at, strike=D(strike), call=call, **_terms(inverse, True))


def future(expiry_at: int, inverse: bool = True) -> Future:
    name = f"BTC{'' if inverse else '_USDC'}-{expiry_at // DAY_NS}"
    return Future(name=name, expiry_at=expiry_at, **_terms(inverse, False))


def perpetual(inverse: bool = True) -> Perpetual:
    return Perpetual(name=f"BTC{'' if inverse else '_USDC'}-PERPETUAL", **_terms(inverse, False))


SPOT = Spot(name="BTC_USDC", underlying="BTC", quote_currency="USDC", tick=D("0.5"), lot=D("0.0001"))
PERP = perpetual()
PERP_LINEAR = perpetual(inverse=False)
ALL: dict[str, Instrument] = {
    one.name: one
    for one in (
        *(
            option(k, c, e, i)
            for k in STRIKES
            for c in (True, False)
            for e in EXPIRIES
            for i in (True, False)
        ),
        *(future(e, i) for e in EXPIRIES for i in (True, False)),
        *(PERP, PERP_LINEAR, SPOT),
    )
}
"""Every instrument that the tests use, by name."""


def structure(*legs: tuple[Instrument, Any], hedge: tuple[Instrument, Any, Any] | None = None) -> Structure:
    hedges = () if hedge is None else (Hedge(instrument=hedge[0].name, ratio=D(hedge[1]), price=D(hedge[2])),)
    return Structure(
        legs=tuple(Leg(instrument=one.name, ratio=D(ratio)) for one, ratio in legs), hedges=hedges
    )


def turned(asked: Structure) -> Structure:
    return scaled(asked, D(-1))


def scaled(asked: Structure, by: Decimal) -> Structure:
    return Structure(
        legs=tuple(Leg(instrument=one.instrument, ratio=one.ratio * by) for one in asked.legs),
        hedges=tuple(
            Hedge(instrument=one.instrument, ratio=one.ratio * by, price=one.price) for one in asked.hedges
        ),
    )


@st.composite
def standard(draw: st.DrawFn) -> tuple[str, Structure]:
    """The name of a kind and its bought form, of any strikes and expiries, coin-settled or linear."""
    kind = draw(st.sampled_from(sorted(_OPTION_KINDS | _OTHER_KINDS)))
    inverse = draw(st.booleans())
    near, far = sorted(draw(st.lists(st.sampled_from(EXPIRIES), min_size=2, max_size=2, unique=True)))
    a, b = sorted(draw(st.lists(st.sampled_from(STRIKES[:14]), min_size=2, max_size=2, unique=True)))
    call = draw(st.booleans())
    if kind in _OTHER_KINDS:
        return kind, _outright_kind(kind, near, far, a, b, inverse, draw(st.sampled_from(("perp", "dated"))))
    c = b + draw(st.integers(0, 10)) * 1000
    legs = _option_legs(kind, a, b, b + (b - a), c, call)
    late = {"calendar": far, "diagonal": far}
    made = []
    for index, (strike, is_call, ratio) in enumerate(legs):
        expiry_at = late.get(kind, near) if index == 0 else near
        made.append((option(strike, is_call, expiry_at, inverse), ratio))
    if kind == "jelly_roll":
        made += [(option(a, False, far, inverse), -1), (option(a, True, far, inverse), 1)]
    if kind == "strip_of_options":
        return "strip", structure(*[(option(a, call, e, inverse), 1) for e in (near, far)])
    named = kind if kind not in _BY_KIND else f"{'call' if call else 'put'}_{kind}"
    return named.removeprefix("any_"), structure(*made)


_BY_KIND = {"spread", "butterfly", "condor"}
_OPTION_KINDS = {
    *("call", "put", "spread", "straddle", "strangle", "guts", "risk_reversal", "synthetic", "butterfly"),
    *("condor", "iron_butterfly", "iron_condor", "calendar", "diagonal", "box", "jelly_roll", "strip"),
    *("strap", "ratio_spread", "strip_of_options"),
}
_OTHER_KINDS = {
    *("future", "perpetual", "future_spread", "strip_of_futures", "conversion", "covered_call"),
    *("covered_put", "collar"),
}


def _option_legs(
    kind: str, a: Decimal, b: Decimal, top: Decimal, c: Decimal, call: bool
) -> list[tuple[Decimal, bool, int]]:
    """(strike, call, ratio) of the bought form; a < b = a + w, top = b + w, c >= b and c + w above it."""
    w = b - a
    near, other = (a, b) if call else (b, a)
    table: dict[str, list[tuple[Decimal, bool, int]]] = {
        "call": [(a, True, 1)],
        "put": [(a, False, 1)],
        "spread": [(near, call, 1), (other, call, -1)],
        "ratio_spread": [(near, call, 1), (other, call, -2)],
        "straddle": [(a, True, 1), (a, False, 1)],
        "strangle": [(b, True, 1), (a, False, 1)],
        "guts": [(a, True, 1), (b, False, 1)],
        "strip": [(a, True, 1), (a, False, 2)],
        "strap": [(a, True, 2), (a, False, 1)],
        "risk_reversal": [(b, True, 1), (a, False, -1)],
        "synthetic": [(a, True, 1), (a, False, -1)],
        "butterfly": [(a, call, 1), (b, call, -2), (top, call, 1)],
        "condor": [(a, call, 1), (b, call, -1), (c + 1000, call, -1), (c + 1000 + w, call, 1)],
        "iron_butterfly": [(a, False, -1), (b, False, 1), (b, True, 1), (top, True, -1)],
        "iron_condor": [(a, False, -1), (b, False, 1), (c + 1000, True, 1), (c + 1000 + w, True, -1)],
        "calendar": [(a, call, 1), (a, call, -1)],
        "diagonal": [(a, call, 1), (b, call, -1)],
        "box": [(a, True, 1), (b, True, -1), (b, False, 1), (a, False, -1)],
        "jelly_roll": [(a, True, -1), (a, False, 1)],
        "strip_of_options": [],
    }
    return table[kind]


def _outright_kind(
    kind: str, near: int, far: int, a: Decimal, b: Decimal, inverse: bool, what: str
) -> tuple[str, Structure] | Any:
    under: Instrument = perpetual(inverse) if what == "perp" else future(near, inverse)
    amount = a if inverse else D(1)
    put, call, high = (
        option(a, False, near, inverse),
        option(a, True, near, inverse),
        option(b, True, near, inverse),
    )
    first: Instrument = perpetual(inverse) if what == "perp" else future(near, inverse)
    return {
        "future": structure((future(near, inverse), 1)),
        "perpetual": structure((perpetual(inverse), 1)),
        "future_spread": structure((future(far, inverse), 1), (first, -1)),
        "strip_of_futures": structure((future(near, inverse), 1), (future(far, inverse), 1)),
        "conversion": structure((put, 1), (call, -1), (under, amount)),
        "covered_call": structure((call, -1), (under, amount)),
        "covered_put": structure((put, -1), (under, -amount)),
        "collar": structure((put, 1), (high, -1), (under, amount)),
    }[kind]
