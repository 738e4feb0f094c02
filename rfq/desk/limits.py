"""Limits: the only place that can approve what commits us. What is approved is carried by its type: only an
`Approved` can be sent."""

from decimal import Decimal
from typing import Generic, TypeVar

from rfq.domain.checkers import plain_decimal
from rfq.domain.effects import AcceptQuote, SendQuote
from rfq.domain.policy import Policy
from rfq.domain.reasons import Code, Reason

T = TypeVar("T", SendQuote, AcceptQuote)
_SEAL = object()


class Approved(Generic[T]):
    """An effect that passed the limits. Only `approve` makes one."""

    __slots__ = ("effect",)

    def __init__(self, effect: T, seal: object) -> None:
        assert seal is _SEAL, "only limits.approve makes an Approved"
        self.effect: T = effect


class Facts:
    """What the limits look at: amounts in USD. `exposure_if_bought` and `_if_sold` are of the underlying, after the
    trade and together with what the desk holds."""

    __slots__ = (
        "exposure",
        "exposure_if_bought",
        "exposure_if_sold",
        "exposure_max",
        "killed",
        "notional",
        "notional_max",
        "policy",
        "reachable",
    )

    def __init__(
        self,
        *,
        policy: Policy,
        killed: bool,
        reachable: bool,
        notional_usd: float,
        exposure_usd: Decimal,
        delta_usd: float,
    ) -> None:
        held = float(exposure_usd)
        self.policy = policy
        self.killed = killed
        self.reachable = reachable
        self.notional = notional_usd
        self.notional_max = float(policy.notional_usd_max)
        self.exposure_max = float(policy.position_usd_max)
        self.exposure = held
        self.exposure_if_bought = held + delta_usd
        self.exposure_if_sold = held - delta_usd


def refusal(facts: Facts) -> Reason | None:
    """Why nothing at all may be committed, or None."""
    if facts.killed:
        return Reason(code=Code.KILLED, detail="the kill switch is on")
    if not facts.reachable:
        return Reason(code=Code.SESSION_DOWN)
    if facts.notional > facts.notional_max:
        return Reason(
            code=Code.LIMIT_NOTIONAL,
            field="amount",
            detail=f"{facts.notional:.0f} USD is above {plain_decimal(facts.policy.notional_usd_max)}",
        )
    return None


def may_buy(facts: Facts) -> bool:
    """True if buying the structure keeps the exposure inside its limit, or brings it nearer to zero."""
    return _inside(facts, facts.exposure_if_bought)


def may_sell(facts: Facts) -> bool:
    """True if selling the structure keeps the exposure inside its limit, or brings it nearer to zero."""
    return _inside(facts, facts.exposure_if_sold)


def approve(effect: T, facts: Facts) -> Approved[T] | Reason:
    """The effect, approved; or the Reason why not."""
    reason = refusal(facts)
    if reason is not None:
        return reason
    if isinstance(effect, SendQuote):
        buys, sells = effect.quote.bid is not None, effect.quote.offer is not None
    else:
        buys, sells = effect.side == "buy", effect.side == "sell"
    if (buys and not may_buy(facts)) or (sells and not may_sell(facts)):
        return Reason(
            code=Code.LIMIT_POSITION,
            field="amount",
            detail=f"the exposure would pass {plain_decimal(facts.policy.position_usd_max)} USD",
        )
    return Approved(effect, _SEAL)


def _inside(facts: Facts, after: float) -> bool:
    return abs(after) <= facts.exposure_max or abs(after) < abs(facts.exposure)
