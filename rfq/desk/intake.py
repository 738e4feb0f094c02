"""Judging what was asked, before anything is born of it: the Reason names the field in the words of the request."""

from decimal import Decimal

from pricing.instruments import Perpetual
from pricing.structures import check_structure
from rfq.desk.state import DeskState
from rfq.desk.turn import MS, Turn
from rfq.domain.ids import PartyId
from rfq.domain.parties import Party
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Ask, Side


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
    if ask.amount <= 0:
        return Reason(code=Code.AMOUNT, field="amount", detail=f"{ask.amount} is not above 0")
    for index, leg in enumerate(ask.structure.legs):
        instrument = state.instruments[leg.instrument]
        if ask.amount * leg.ratio % instrument.lot:
            return Reason(
                code=Code.AMOUNT_STEP,
                field="amount",
                detail=f"{ask.amount} x {leg.ratio} is not a multiple of {instrument.lot} ({instrument.name})",
            )
        if not isinstance(instrument, Perpetual) and instrument.expiry_at <= turn.now:
            return Reason(
                code=Code.EXPIRY_PAST,
                field=f"legs[{index}].instrument",
                detail=f"{instrument.name} has expired",
            )
    if ask.bid_limit is not None and ask.offer_limit is not None and ask.bid_limit >= ask.offer_limit:
        return Reason(
            code=Code.CROSSED, field="bid_limit", detail=f"{ask.bid_limit} is not below {ask.offer_limit}"
        )
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


def refuse_one_sided(ask: Ask) -> Reason | None:
    """A need of ours must say which way it goes."""
    if ask.side is Side.TWO_WAY:
        return Reason(code=Code.SIDE_NOT_QUOTED, field="side", detail="a block is bought or sold")
    return None


def step_of(state: DeskState, ask: Ask) -> Decimal:
    """The smallest step of the amount of this structure."""
    return max(state.instruments[leg.instrument].lot / abs(leg.ratio) for leg in ask.structure.legs)


def tick_of(state: DeskState, ask: Ask) -> Decimal:
    """The price step of this structure: the finest of its legs'."""
    return min(state.instruments[leg.instrument].tick for leg in ask.structure.legs)


def underlying_of(state: DeskState, ask: Ask) -> str:
    """The underlying that all legs share."""
    return state.instruments[ask.structure.legs[0].instrument].underlying
