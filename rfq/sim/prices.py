"""How simulated prices move: one step a second, with regimes, jumps, order flow and news.

Theory. A hidden Markov regime (calm, busy, stressed; lasting minutes) sets volatility, spread, depth and how often
prices jump. Each coin has a buying pressure, an autoregression; a part of the next second's return follows it, and what
stands in the book and is traded shows it with noise, so that predicts a little and no more. News is a move
that is already decided and arrives over seconds to come: who is informed sees it, nobody else. Trades push the price
for good (`push`). Implied volatility reverts to the regime's level and falls when the price rises.

All of it is invented; the sizes are those of a liquid coin market (a third to one of volatility a year, spreads of a
third to three bps), the shape is what the desk must cope with.
"""

import math
from typing import Final, NamedTuple

from pricing.units import NS_PER_S, YEAR_NS
from rfq.sim.dice import Dice

_SQRT_SECOND: Final = math.sqrt(NS_PER_S / YEAR_NS)
_SPOT_LINK: Final = 0.8
"""Correlation of the second coin's noise with the first's."""
_PRESSURE_MEMORY: Final = 0.85
_PRESSURE_NOISE: Final = math.sqrt(1.0 - _PRESSURE_MEMORY**2)
_PRESSURE_SHARE: Final = 0.35
"""Correlation of a second's return with the pressure before it."""
_RETURN_NOISE: Final = math.sqrt(1.0 - _PRESSURE_SHARE**2)
_VOL_LINK: Final = -0.5
"""Correlation of implied volatility with the price."""
_VOL_NOISE: Final = math.sqrt(1.0 - _VOL_LINK**2)
_VOL_PULL: Final = 1.0 / 1_800.0
_VOL_MOVE: Final = 0.0006
"""Implied volatility's own standard deviation a second, relative."""
_JUMP_BPS: Final = 12.0
_NEWS_BPS: Final = 7.0
_NEWS_EVERY_S: Final = 75.0
LARGE_BPS: Final = 5.0
"""A move in one second that a large trade makes."""


class Regime(NamedTuple):
    """One state of the market: volatility a year, half spread in bps, depth in USD within 10 bps, trades a second,
    chance of a jump a second, and how likely each regime is to follow in the next second."""

    vol: float
    half_spread_bps: float
    depth_usd: float
    trades: float
    jump: float
    stay: float


REGIMES: Final = (
    Regime(vol=0.35, half_spread_bps=0.35, depth_usd=8e6, trades=3.0, jump=1e-4, stay=1.0 - 1.0 / 900.0),
    Regime(vol=0.60, half_spread_bps=0.8, depth_usd=4e6, trades=9.0, jump=8e-4, stay=1.0 - 1.0 / 400.0),
    Regime(vol=1.10, half_spread_bps=2.5, depth_usd=1.2e6, trades=25.0, jump=5e-3, stay=1.0 - 1.0 / 150.0),
)
ADV_USD: Final = 1.2e10


class Path:
    """One coin: its price and all that moves with it. Logs and ratios are plain numbers, vols decimals a year."""

    __slots__ = (
        "_left_s",
        "_news_step",
        "_pushed",
        "_wait_s",
        "log_price",
        "move",
        "name",
        "pressure",
        "shown",
        "vol",
    )

    def __init__(self, name: str, index: float) -> None:
        self.name = name
        self.log_price = math.log(index)
        self.move = self.pressure = self.shown = 0.0
        self.vol = REGIMES[0].vol * 1.1
        self._pushed = self._news_step = 0.0
        self._left_s = self._wait_s = 0

    @property
    def price(self) -> float:
        """The index, USD."""
        return math.exp(self.log_price)

    @property
    def news_bps(self) -> float:
        """What is decided and still to come, bps; + = up."""
        return 1e4 * self._news_step * self._left_s

    def push(self, bps: float) -> None:
        """Trading moved the price for good, from the next step on."""
        self._pushed += 1e-4 * bps

    def step(self, regime: Regime, common: float, dice: Dice) -> None:
        """One second. `common` is the noise that all coins share, standard normal."""
        normal = dice.normal
        own = _SPOT_LINK * common + 0.6 * normal()
        deviation = regime.vol * _SQRT_SECOND
        move = deviation * (_PRESSURE_SHARE * self.pressure + _RETURN_NOISE * own)
        if dice.uniform() < regime.jump:
            move += 1e-4 * _JUMP_BPS * normal()
        move += self._take_news(dice, regime) + self._pushed
        self._pushed = 0.0
        self._move_flow(move / deviation, normal())
        self._move_vol(move / deviation, regime, normal())
        self.log_price += move
        self.move = move

    def _take_news(self, dice: Dice, regime: Regime) -> float:
        """What of the news arrives this second; now and then there is new."""
        if self._left_s:
            if self._wait_s:
                self._wait_s -= 1
                return 0.0
            self._left_s -= 1
            return self._news_step
        if dice.uniform() < 1.0 / _NEWS_EVERY_S:
            self._wait_s = 2 + dice.below(3)
            self._left_s = 4 + dice.below(9)
            size = 1e-4 * _NEWS_BPS * dice.normal() * regime.vol / REGIMES[0].vol
            self._news_step = size / self._left_s
        return 0.0

    def _move_flow(self, surprise: float, noise: float) -> None:
        """Pressure, and what of it shows. Trades follow the move as well as precede it."""
        shock = 0.6 * noise + 0.4 * max(-3.0, min(3.0, surprise))
        self.pressure = _PRESSURE_MEMORY * self.pressure + _PRESSURE_NOISE * shock
        self.shown = 0.75 * self.pressure + 0.5 * noise

    def _move_vol(self, surprise: float, regime: Regime, noise: float) -> None:
        """Implied volatility: back to its level, against the price, and of its own."""
        linked = _VOL_LINK * max(-6.0, min(6.0, surprise)) + _VOL_NOISE * noise
        self.vol *= math.exp(_VOL_PULL * (1.1 * regime.vol / self.vol - 1.0) + _VOL_MOVE * linked)
        self.vol = max(0.12, min(2.5, self.vol))


class Weather:
    """The regime, shared by all coins."""

    __slots__ = ("regime",)

    def __init__(self) -> None:
        self.regime = 0

    def step(self, dice: Dice) -> Regime:
        """One second; returns the regime that now holds. From busy it goes to calm twice as often as to stressed."""
        if dice.uniform() >= REGIMES[self.regime].stay:
            self.regime = 1 if self.regime != 1 else (0 if dice.uniform() < 2.0 / 3.0 else 2)
        return REGIMES[self.regime]
