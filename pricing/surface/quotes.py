"""From a raw chain of option quotes to volatilities that a surface can be fitted to, and what was left out and why.

Real chains have missing bids, bids below intrinsic, strikes that nobody updates and clocks that are wrong. Nothing is
mended: a side or a quote is used as it stands or left out with a reason. A quote far from its neighbours fades before
it is left out, so that no single tick can move the surface at a stroke.
"""

import math
from collections.abc import Iterable
from itertools import groupby
from typing import Final

import msgspec

from pricing.fact import Fact
from pricing.surface.stdevs import implied_stdev, out_of_the_money
from pricing.units import NS_PER_S, years

_VOL_SHARE: Final = 0.02
"""Of its vol: how far a quote may be from the line between its neighbours, beside their half-spreads."""

_RATIO_MIN: Final = 1e-9


class OptionQuote(Fact, frozen=True, kw_only=True, tag="OptionQuote.1"):
    """One row of a chain. Prices are shares of the forward (what a coin-settled option costs in coin); 0: none.

    `forward` is that expiry's own, seen with the quote; `at` is when, UTC ns.
    """

    expiry_at: int
    strike: float
    is_call: bool
    bid: float
    ask: float
    forward: float
    at: int


class Cleaning(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Cleaning.1"):
    """What is let through: ages and clocks in seconds, the forward's distance from its expiry's median in bps, and
    the distance from its neighbours, in half-spreads, from which a quote fades and at which it is left out.
    """

    age_s_max: float = 600.0
    ahead_s_max: float = 5.0
    forward_bps_max: float = 150.0
    fade_from: float = 3.0
    fade_to: float = 5.0


class VolQuote(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="VolQuote.1"):
    """A quote as volatilities (decimals) at k = ln(strike / forward); 0: nothing on that side. Weight within (0, 1]."""

    expiry_at: int
    strike: float
    is_call: bool
    k: float
    bid_vol: float
    ask_vol: float
    at: int
    weight: float = 1.0

    @property
    def is_two_sided(self) -> bool:
        """Whether both sides say something."""
        return self.bid_vol > 0.0 and self.ask_vol > 0.0

    @property
    def mid_vol(self) -> float:
        """Halfway between two sides."""
        return 0.5 * (self.bid_vol + self.ask_vol)

    @property
    def half_vol(self) -> float:
        """Half the distance between two sides."""
        return 0.5 * (self.ask_vol - self.bid_vol)


class Dropped(Fact, frozen=True, kw_only=True, tag="Dropped.1"):
    """What was left out of one quote (`part`: quote, bid, ask or expiry) and why, in words."""

    expiry_at: int
    strike: float
    is_call: bool
    part: str
    reason: str


class Cleaned(Fact, frozen=True, kw_only=True, tag="Cleaned.1"):
    """What can be fitted, by expiry and strike, as of the newest quote; and what was left out."""

    at: int
    quotes: tuple[VolQuote, ...]
    dropped: tuple[Dropped, ...]


def clean(chain: Iterable[OptionQuote], now: int | None = None, rules: Cleaning | None = None) -> Cleaned:
    """Volatilities of a chain as of `now` (its newest quote when None)."""
    rules = rules or Cleaning()
    rows = sorted(chain, key=lambda one: (one.expiry_at, one.strike, one.is_call, -one.at))
    at = max([one.at for one in rows], default=0) if now is None else now
    dropped: list[Dropped] = []
    sound: list[OptionQuote] = []
    for _, group in groupby(rows, key=lambda one: one.expiry_at):
        sound += _sound(list(group), at, rules, dropped)
    quotes: list[VolQuote] = []
    for _, vols in groupby(_vols(sound, dropped), key=lambda one: one.expiry_at):
        quotes += _faded(list(vols), rules, dropped)
    newest = max([one.at for one in quotes], default=at)
    return Cleaned(at=newest, quotes=tuple(quotes), dropped=tuple(dropped))


def _sound(rows: list[OptionQuote], now: int, rules: Cleaning, dropped: list[Dropped]) -> list[OptionQuote]:
    """The rows of an expiry whose clocks, numbers and forwards can be believed."""
    kept: list[OptionQuote] = []
    for one in rows:
        if kept and (kept[-1].strike, kept[-1].is_call) == (one.strike, one.is_call):
            _drop(dropped, one, "quote", "an older quote of the same option")
        elif (problem := _problem(one, now, rules)) is not None:
            _drop(dropped, one, "quote", problem)
        else:
            kept.append(one)
    if not kept:
        return kept
    middle = sorted([one.forward for one in kept])[len(kept) // 2]
    near: list[OptionQuote] = []
    for one in kept:
        apart_bps = abs(math.log(one.forward) - math.log(middle)) * 1e4
        if apart_bps > rules.forward_bps_max:
            _drop(dropped, one, "quote", f"its forward is {apart_bps:.0f} bps from its expiry's")
        else:
            near.append(one)
    return near


def _problem(one: OptionQuote, now: int, rules: Cleaning) -> str | None:
    """Why a row cannot be used at all."""
    numbers = (one.strike, one.forward, one.bid, one.ask)
    if not all(map(math.isfinite, numbers)) or not (one.strike > 0.0 and one.forward > 0.0):
        return "its numbers are no prices"
    if not _RATIO_MIN < one.strike / one.forward < 1.0 / _RATIO_MIN:
        return "its strike and its forward have nothing to do with each other"
    if one.at > now + rules.ahead_s_max * NS_PER_S:
        return f"its clock is {(one.at - now) / NS_PER_S:.0f} s ahead"
    if now - one.at > rules.age_s_max * NS_PER_S:
        return f"stale: seen {(now - one.at) / NS_PER_S:.0f} s ago"
    if one.expiry_at <= one.at:
        return "it had expired"
    if one.bid <= 0.0 and one.ask <= 0.0:
        return "no bid and no ask"
    if one.ask > 0.0 and one.bid >= one.ask:
        return "its bid is not below its ask"
    return None


def _vols(rows: list[OptionQuote], dropped: list[Dropped]) -> list[VolQuote]:
    """The volatilities of both sides, where a quote says anything."""
    k = [math.log(one.strike / one.forward) for one in rows]
    shares = [
        out_of_the_money(price, distance, one.is_call) if price > 0.0 else 0.0
        for one, distance in zip(rows, k, strict=True)
        for price in (one.bid, one.ask)
    ]
    stdevs = [implied_stdev(share, k[place // 2]) for place, share in enumerate(shares)]
    found = []
    for one, distance, bid, ask in zip(rows, k, stdevs[::2], stdevs[1::2], strict=True):
        if one.ask > 0.0 and ask == 0.0:
            _drop(dropped, one, "quote", "its ask is below intrinsic")
            continue
        for part, price, stdev in (("bid", one.bid, bid), ("ask", one.ask, ask)):
            if price <= 0.0:
                _drop(dropped, one, part, "missing")
            elif stdev == 0.0:
                _drop(dropped, one, part, "below intrinsic")
            elif math.isinf(stdev):
                _drop(dropped, one, part, "at or above its upper bound")
        root = math.sqrt(years(one.at, one.expiry_at))
        bid_vol, ask_vol = (0.0 if math.isinf(stdev) else stdev / root for stdev in (bid, ask))
        if bid_vol > 0.0 or ask_vol > 0.0:
            found.append(
                VolQuote(
                    expiry_at=one.expiry_at,
                    strike=one.strike,
                    is_call=one.is_call,
                    k=distance,
                    bid_vol=bid_vol,
                    ask_vol=ask_vol,
                    at=one.at,
                )
            )
    return found


def _faded(quotes: list[VolQuote], rules: Cleaning, dropped: list[Dropped]) -> list[VolQuote]:
    """An expiry's quotes, those apart from their neighbours with less weight, or none; the worst first."""
    two = [place for place, one in enumerate(quotes) if one.is_two_sided]
    weights = [1.0] * len(quotes)
    while len(two) > 2:
        distances = [
            _distance(quotes[before], quotes[place], quotes[after])
            for before, place, after in zip(two, two[1:], two[2:], strict=False)
        ]
        worst = max(distances)
        if not worst > rules.fade_from:
            break
        place = two.pop(1 + distances.index(worst))
        weights[place] = max(0.0, (rules.fade_to - worst) / (rules.fade_to - rules.fade_from))
        if weights[place] == 0.0:
            one = quotes[place]
            reason = f"stale: {worst:.0f} half-spreads from its neighbours"
            dropped.append(_left(one.expiry_at, one.strike, one.is_call, "quote", reason))
    return [
        one if weight == 1.0 else _weighed(one, weight)
        for one, weight in zip(quotes, weights, strict=True)
        if weight > 0.0
    ]


def _distance(before: VolQuote, one: VolQuote, after: VolQuote) -> float:
    """How far a mid is from the line between its neighbours', in half-spreads of all three and a share of the vol."""
    width = after.k - before.k
    part = (one.k - before.k) / width if width > 0.0 else 0.5
    line = before.mid_vol + part * (after.mid_vol - before.mid_vol)
    spread = before.half_vol + part * (after.half_vol - before.half_vol)
    return abs(one.mid_vol - line) / (one.half_vol + spread + _VOL_SHARE * one.mid_vol)


def _weighed(one: VolQuote, weight: float) -> VolQuote:
    return msgspec.structs.replace(one, weight=weight)


def _left(expiry_at: int, strike: float, is_call: bool, part: str, reason: str) -> Dropped:
    return Dropped(expiry_at=expiry_at, strike=strike, is_call=is_call, part=part, reason=reason)


def _drop(dropped: list[Dropped], one: OptionQuote, part: str, reason: str) -> None:
    dropped.append(_left(one.expiry_at, one.strike, one.is_call, part, reason))
