"""The simulated market as the desk, and everybody else, sees it: snapshots on a grid of whole seconds.

Prices advance lazily: only when somebody looks, and then through every second that has passed. A snapshot is built,
encoded and hashed once per step, and only if it is asked for. While something is watched, a callback looks each second.
"""

import math
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from pricing.calendar import Calendar, regular
from pricing.flow import Flow
from pricing.instruments import Instrument, future_name, perpetual_name
from pricing.market import (
    Book,
    Curve,
    Funding,
    MarketSnapshot,
    Pillar,
    Rate,
    Surface,
    UnderlyingMarket,
    one_level,
)
from pricing.structures import Structure
from pricing.surface.at_money import smile_at_money
from pricing.units import NS_PER_S, YEAR_NS
from pricing.valuation import Unpriceable, Valuation, screen_vol_half_spread, value
from rfq.domain import canon
from rfq.domain.events import Event, MarketMoved
from rfq.ops.schedule import Schedule
from rfq.sim.dice import Dice
from rfq.sim.instruments import COINS, Coin, expiries
from rfq.sim.prices import ADV_USD, REGIMES, Path, Weather
from rfq.sim.tape import Tap, Tape, around

_PREMIUM: Final = (1.00008, 1.00012)
"""What the inverse and the linear perpetual stand over the index."""
_TERM_NS: Final = 600 * NS_PER_S
"""Carry and screen spreads are worked out anew so often."""
_CARRY: Final = 0.06
"""A dated future's premium a year."""
_LINK: Final = (1.0, 0.7, 0.45)
"""How much of the short volatility's distance from its long level each expiry keeps."""
_LONG_VOL: Final = 0.5
_SKEW: Final = (-0.06, -0.05, -0.04)
_CONVEXITY: Final = (0.10, 0.07, 0.05)
_FUNDING: Final = 1e-4
_FORWARD_DOUBT_BPS: Final = 0.2
_VOL_DOUBTS: Final = (0.001, 0.0003, 0.0003, 0.0005)
"""Standard errors of a smile's level, slope, wings and of single strikes, in volatility."""
_VOL_OF_VOL: Final = 1.0
_REMEMBERED_S: Final = 2 * 3_600
"""What the accumulators were told longer ago changes nothing."""


class SimMarket:
    """The Market port of the live loop, and the truth for clients and dealers."""

    def __init__(
        self,
        schedule: Schedule,
        dice: Dice,
        instruments: dict[str, Instrument],
        offer: Callable[[Event], object],
        tap: Tap | None = None,
    ) -> None:
        """`offer` takes `MarketMoved`; `tap` hears what the accumulators are told."""
        self._schedule = schedule
        self._dice = dice
        self._instruments = instruments
        self._offer = offer
        self._start_at = schedule.now()
        self._steps = 0
        self._weather = Weather()
        self._regime = REGIMES[0]
        self._paths = [Path(coin.name, coin.start) for coin in COINS]
        self._listings = [Listing(coin, expiries(self._start_at)) for coin in COINS]
        self._tapes = [
            Tape(path.name, listing.tick, _PREMIUM[0], tap)
            for path, listing in zip(self._paths, self._listings, strict=True)
        ]
        for path, tape in zip(self._paths, self._tapes, strict=True):
            tape.second(path, self._regime, self._start_at)
        self._snapshots: dict[str, tuple[MarketSnapshot, str, bytes]] = {}
        self._shown: MarketSnapshot | None = None
        self._calendar = Calendar()
        self._values: dict[int, tuple[Structure, Valuation | Unpriceable]] = {}
        self._watched: dict[str, tuple[float, float]] = {}
        self._ticking = False

    # --- the port ----------------------------------------------------------------------------------------------

    def snapshot(self, underlying: str) -> tuple[MarketSnapshot, str, bytes]:
        """The newest snapshot, cut to one underlying, with its hash and canonical bytes."""
        shown = self.look()
        found = self._snapshots.get(underlying)
        if found is None:
            cut = MarketSnapshot(
                at=shown.at,
                underlyings=tuple(
                    [
                        replace(under, flow=self._flow(under.name, shown.at))
                        for under in shown.underlyings
                        if under.name == underlying
                    ]
                ),
                rates=shown.rates,
                calendar=shown.calendar,
            )
            raw = canon.encode(cut)
            found = self._snapshots[underlying] = (cut, canon.digest(raw), raw)
        return found

    def watch(self, underlying: str, move_bps: float) -> None:
        """Offer `MarketMoved` when this index has moved by `move_bps` since it was last told."""
        self._advance()
        self._watched[underlying] = (move_bps, self._path(underlying).log_price)
        if not self._ticking:
            self._ticking = True
            self._call_next()

    def unwatch(self, underlying: str) -> None:
        """No need any more."""
        self._watched.pop(underlying, None)

    def listen(self, tap: Tap) -> None:
        """From now on `tap` hears what the accumulators are told, the newest looks first."""
        for tape in self._tapes:
            tape.listen(tap)

    # --- what counterparties use -------------------------------------------------------------------------------

    def look(self) -> MarketSnapshot:
        """The newest snapshot, without the flow, which only the desk is shown."""
        self._advance()
        if self._shown is None:
            at = self._start_at + self._steps * NS_PER_S
            parts = zip(self._listings, self._paths, self._tapes, strict=True)
            unders = tuple([self._under(*each, at) for each in parts])
            self._shown = MarketSnapshot(
                at=at, underlyings=unders, rates=_rates(at), calendar=self._calendar_at(at)
            )
        return self._shown

    def value(self, structure: Structure) -> Valuation | Unpriceable:
        """What one unit of it is worth now; remembered until the market moves."""
        shown = self.look()
        found = self._values.get(id(structure))
        if found is None or found[0] is not structure:
            found = (structure, value(structure, self._instruments, shown, self._schedule.now()))
            self._values[id(structure)] = found
        return found[1]

    def news_bps(self, underlying: str) -> float:
        """What only the informed know: the move that is still to come, bps, + = up."""
        self._advance()
        return self._path(underlying).news_bps

    def push(self, underlying: str, bps: float) -> None:
        """A trade moved the price for good."""
        self._advance()
        self._path(underlying).push(bps)

    # --- inside ------------------------------------------------------------------------------------------------

    def _flow(self, underlying: str, at: int) -> Flow:
        """What is accumulated of a coin's tape, with the moves of the others."""
        mine = next(tape for tape in self._tapes if tape.name == underlying)
        return mine.flow.read(at, [one.flow.moves(at) for one in self._tapes if one is not mine])

    def _calendar_at(self, at: int) -> Calendar:
        """The next funding and the next expiry, which all coins share."""
        if not self._calendar.events or at >= self._calendar.events[0].at:
            self._calendar = regular(at, 1).cut(at, "", at)
        return self._calendar

    def _path(self, underlying: str) -> Path:
        return next(path for path in self._paths if path.name == underlying)

    def _advance(self) -> None:
        """Step through every whole second that has passed."""
        due = (self._schedule.now() - self._start_at) // NS_PER_S
        if due <= self._steps:
            return
        dice = self._dice
        pairs = tuple(zip(self._paths, self._tapes, strict=True))
        if due - self._steps > 2 * _REMEMBERED_S and not pairs[0][1].is_heard:
            self._hurry(due - _REMEMBERED_S)
        for at in range(self._start_at + (self._steps + 1) * NS_PER_S, self._schedule.now() + 1, NS_PER_S):
            self._regime = regime = self._weather.step(dice)
            common = dice.normal()
            for path, tape in pairs:
                path.step(regime, common, dice)
                tape.second(path, regime, at)
        self._steps = due
        self._shown = None
        self._snapshots.clear()
        self._values.clear()

    def _hurry(self, due: int) -> None:
        """Step to where nothing matters any more of what the accumulators were told, and tell them nothing."""
        dice = self._dice
        for _ in range(due - self._steps):
            self._regime = regime = self._weather.step(dice)
            common = dice.normal()
            for path in self._paths:
                path.step(regime, common, dice)
        self._steps = due
        for tape in self._tapes:
            tape.restart()

    def _call_next(self) -> None:
        steps = (self._schedule.now() - self._start_at) // NS_PER_S + 1
        self._schedule.call_at(self._start_at + steps * NS_PER_S, self._tick)

    def _tick(self) -> None:
        """Tell of what has moved far enough; go on while something is watched."""
        if not self._watched:
            self._ticking = False
            return
        self._advance()
        for name, (move_bps, told) in list(self._watched.items()):
            here = self._path(name).log_price
            if 1e4 * abs(here - told) >= move_bps:
                self._watched[name] = (move_bps, here)
                self._offer(MarketMoved(underlying=name))
        self._call_next()

    def _under(self, listing: "Listing", path: Path, tape: Tape, at: int) -> UnderlyingMarket:
        """One coin's books, expiries and flow."""
        regime, index = self._regime, path.price
        spread = 1e-4 * regime.half_spread_bps
        sizes = tape.sizes
        coins = (round(sizes[0] / index, 3), round(sizes[1] / index, 3))
        tick = listing.tick
        inverse, linear = listing.perpetuals
        books = [
            _book(inverse, at, index * _PREMIUM[0], tick, spread, sizes),
            _book(linear, at, index * _PREMIUM[1], tick, spread, coins),
        ]
        pillars, smiles = [], []
        for place, expiry_at, name, carry, vol_half_spread in listing.terms(at):
            forward = index * carry
            if name:
                books.append(_book(name, at, forward, tick, spread, sizes))
            pillars.append(
                Pillar(expiry_at=expiry_at, forward=round(forward, 4), doubt_bps=_FORWARD_DOUBT_BPS)
            )
            smiles.append(
                smile_at_money(
                    expiry_at,
                    (expiry_at - at) / YEAR_NS,
                    _LONG_VOL + _LINK[place] * (path.vol - _LONG_VOL),
                    _SKEW[place],
                    _CONVEXITY[place],
                    half_spread=vol_half_spread,
                    doubts=_VOL_DOUBTS,
                )
            )
        return UnderlyingMarket(
            name=path.name,
            index=round(index, 4),
            index_at=at,
            sigma=round(path.vol, 5),
            adv_usd=ADV_USD,
            depth_usd_10bps=regime.depth_usd,
            regime=self._weather.regime,
            books=tuple(books),
            curve=Curve(at=at, pillars=tuple(pillars)),
            funding=(Funding(instrument=inverse, at=at, rate_8h=_FUNDING),),
            surface=Surface(at=at, smiles=tuple(smiles), vol_of_vol=_VOL_OF_VOL, source="sim"),
        )


_Term = tuple[int, int, str, float, float]
"""An expiry's place, instant (UTC ns), future's name ("" if none), premium over the index, and screen in volatility."""


class Listing:
    """What is listed on one coin, with what changes too slowly to be worked out every second."""

    __slots__ = ("_expiries", "_from_at", "_terms", "_to_at", "perpetuals", "tick", "underlying")

    def __init__(self, coin: Coin, expiry_instants: tuple[int, ...]) -> None:
        self.underlying = coin.name
        self.tick = float(coin.book_tick)
        self.perpetuals = (perpetual_name(coin.name), perpetual_name(coin.name, "USDC"))
        self._expiries = tuple(
            (place, at, future_name(coin.name, at) if place else "")
            for place, at in enumerate(expiry_instants)
        )
        self._terms: tuple[_Term, ...] = ()
        self._from_at = self._to_at = 0

    def terms(self, at: int) -> tuple[_Term, ...]:
        """The expiries still to come, as of the ten minutes that `at` lies in."""
        if not self._from_at <= at < self._to_at:
            self._from_at = at // _TERM_NS * _TERM_NS
            self._to_at = self._from_at + _TERM_NS
            self._terms = tuple(
                (place, expiry_at, name, *_carry_and_screen(expiry_at - self._from_at))
                for place, expiry_at, name in self._expiries
                if expiry_at > self._from_at
            )
        return self._terms


def _carry_and_screen(left_ns: int) -> tuple[float, float]:
    term = left_ns / YEAR_NS
    return math.exp(_CARRY * term), round(screen_vol_half_spread(term), 6)


def _book(name: str, at: int, mid: float, tick: float, spread: float, sizes: tuple[float, float]) -> Book:
    """A book around `mid` (half `spread`, a ratio), on its tick; more is bid when more buy."""
    return one_level(name, at, *around(mid, tick, spread), *sizes)


def _rates(at: int) -> tuple[Rate, ...]:
    """The simulated stablecoin stands at par, and says so."""
    return (Rate(currency="USDC", usd=1.0, at=at),)
