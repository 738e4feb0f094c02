"""Judging what was asked, before anything is born of it: the Reason names the field in the words of the request."""

from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm

from pricing.instruments import Perpetual, Spot
from pricing.structures import Hedge, Leg, check_structure
from rfq.desk.state import DeskState
from rfq.desk.turn import MS, Turn
from rfq.domain.checkers import plain_decimal
from rfq.domain.fact import digits_of
from rfq.domain.ids import PartyId
from rfq.domain.parties import Party
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Ask, Side

AMOUNT_MAX = Decimal(10) ** 15
"""No size or ratio is larger; beyond it the desk's arithmetic (28 digits) would no longer be exact."""
DIGITS_MAX = 20
"""An amount times a ratio has no more digits than this, so that positions add up exactly."""
_RATIO_MIN = 1 / AMOUNT_MAX
_WIDE = Context(prec=80)


def refuse_party(state: DeskState, party: PartyId, right: str) -> Reason | None:
    """Why this party may not do that, or None. `right` is a field of Party."""
    known: Party | None = state.parties.get(party)
    if known is None:
        return Reason(code=Code.UNKNOWN_PARTY, field="party", detail=party)
    if not getattr(known, right):
        return Reason(code=Code.NOT_AUTHORISED, field="party", detail=f"{party} has no right {right}")
    return None


def refuse_ask(turn: Turn, ask: Ask) -> Reason | None:
    """What is wrong with the terms of a request, or None."""
    state = turn.state
    fault = check_structure(ask.structure, state.instruments)
    if fault is not None:
        unknown = fault.problem.startswith("unknown instrument")
        code = Code.UNKNOWN_INSTRUMENT if unknown else Code.STRUCTURE
        return Reason(code=code, field=fault.field, detail=fault.problem)
    if not 0 < ask.amount <= AMOUNT_MAX:
        detail = f"{plain_decimal(ask.amount)} is not above 0 and at most {AMOUNT_MAX}"
        return Reason(code=Code.AMOUNT, field="amount", detail=detail)
    for index, leg in enumerate(ask.structure.legs):
        reason = _refuse_part(turn, ask.amount, leg, f"legs[{index}]")
        if reason is not None:
            return reason
    for index, hedge in enumerate(ask.structure.hedges):
        reason = _refuse_part(turn, ask.amount, hedge, f"hedges[{index}]")
        if reason is not None:
            return reason
    if ask.bid_limit is not None and ask.offer_limit is not None and ask.bid_limit >= ask.offer_limit:
        detail = f"{plain_decimal(ask.bid_limit)} is not below {plain_decimal(ask.offer_limit)}"
        return Reason(code=Code.CROSSED, field="bid_limit", detail=detail)
    if ask.expires_at:
        if ask.expires_at <= turn.received_at:
            return Reason(code=Code.EXPIRY_PAST, field="expires_at", detail="the request had already expired")
        if ask.expires_at > turn.now + state.policy.rfq_life_ms_max * MS:
            return Reason(
                code=Code.EXPIRY_TOO_FAR,
                field="expires_at",
                detail=f"more than {state.policy.rfq_life_ms_max} ms ahead",
            )
    return None


def _refuse_part(turn: Turn, amount: Decimal, part: Leg | Hedge, path: str) -> Reason | None:
    """What is wrong with trading `amount` of this leg or hedge, or None."""
    instrument = turn.state.instruments[part.instrument]
    if not _RATIO_MIN <= abs(part.ratio) <= AMOUNT_MAX:
        return Reason(code=Code.STRUCTURE, field=f"{path}.ratio", detail="too large or too small")
    if digits_of(amount) + digits_of(part.ratio) > DIGITS_MAX:
        return Reason(
            code=Code.AMOUNT, field="amount", detail=f"with {path}.ratio more than {DIGITS_MAX} digits"
        )
    size = abs(amount * part.ratio)
    if size > AMOUNT_MAX:
        return Reason(code=Code.AMOUNT, field="amount", detail=f"with {path}.ratio above {AMOUNT_MAX}")
    if _WIDE.remainder(size, instrument.lot):
        asked = f"{plain_decimal(amount)} x {plain_decimal(part.ratio)}"
        detail = f"{asked} is not a multiple of {plain_decimal(instrument.lot)} ({instrument.name})"
        return Reason(code=Code.AMOUNT_STEP, field="amount", detail=detail)
    if not isinstance(instrument, Perpetual | Spot) and instrument.expiry_at <= turn.now:
        detail = f"{instrument.name} has expired"
        return Reason(code=Code.EXPIRY_PAST, field=f"{path}.instrument", detail=detail)
    return None


def refuse_one_sided(ask: Ask) -> Reason | None:
    """A need of ours must say which way it goes."""
    if ask.side is Side.TWO_WAY:
        return Reason(code=Code.SIDE_NOT_QUOTED, field="side", detail="a block is bought or sold")
    return None


def step_of(state: DeskState, ask: Ask) -> Decimal:
    """The smallest step of the amount of this structure: each leg and hedge is then a whole number of its lots."""
    parts: tuple[Leg | Hedge, ...] = (*ask.structure.legs, *ask.structure.hedges)
    return smallest_step(tuple((state.instruments[part.instrument].lot, part.ratio) for part in parts))


@lru_cache(maxsize=1_024)
def smallest_step(parts: tuple[tuple[Decimal, Decimal], ...]) -> Decimal:
    """The smallest decimal number that makes each ratio a whole number of its lot. Exact: a lot of 0.1 and a ratio of 3
    give 0.1, not a thirtieth."""
    steps = [Fraction(lot) / abs(Fraction(ratio)) for lot, ratio in parts]
    step = Fraction(lcm(*(one.numerator for one in steps)), gcd(*(one.denominator for one in steps)))
    rest = step.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    step *= rest
    return Decimal(step.numerator) / Decimal(step.denominator)


def underlying_of(state: DeskState, ask: Ask) -> str:
    """The underlying that all legs share."""
    return state.instruments[ask.structure.legs[0].instrument].underlying
