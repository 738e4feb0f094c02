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
    """What the limits look at, in USD: what is held of the underlying, how far what already stands may move it up and
    down, and what this trade would add if we buy; and our fair with what a bp of it is, in the unit of the price."""

    __slots__ = (
        "bp",
        "delta",
        "down",
        "exposure",
        "exposure_max",
        "fair",
        "killed",
        "notional",
        "notional_max",
        "policy",
        "reachable",
        "up",
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
        fair: float,
        bp: float,
        outstanding: tuple[int, int] = (0, 0),
    ) -> None:
        self.policy = policy
        self.killed = killed
        self.reachable = reachable
        self.notional = notional_usd
        self.notional_max = float(policy.notional_usd_max)
        self.exposure_max = float(policy.position_usd_max)
        self.exposure = float(exposure_usd)
        self.delta = delta_usd
        self.up, self.down = outstanding
        self.fair = fair
        self.bp = bp


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
    """True if the exposure stays inside its limit when we buy the structure, even if all that stands trades too."""
    return _inside(facts, facts.delta)


def may_sell(facts: Facts) -> bool:
    """True if the exposure stays inside its limit when we sell the structure, even if all that stands trades too."""
    return _inside(facts, -facts.delta)


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
    return _outside_band(effect, facts) or Approved(effect, _SEAL)


def _inside(facts: Facts, move: float) -> bool:
    """Only the direction of the trade counts: one that reduces an exposure beyond its limit is welcome."""
    if move >= 0.0:
        return facts.exposure + facts.up + move <= facts.exposure_max
    return facts.exposure + facts.down + move >= -facts.exposure_max


def _outside_band(effect: SendQuote | AcceptQuote, facts: Facts) -> Reason | None:
    """A price that is far from our fair is a mistake of somebody's, whatever the model says."""
    prices = (effect.quote.bid, effect.quote.offer) if isinstance(effect, SendQuote) else (effect.price,)
    room = float(facts.policy.price_band_bps) * facts.bp
    for price in prices:
        if price is not None and not abs(float(price) - facts.fair) <= room:
            detail = f"more than {plain_decimal(facts.policy.price_band_bps)} bps from fair"
            return Reason(code=Code.LIMIT_PRICE, field="price", detail=detail)
    return None
