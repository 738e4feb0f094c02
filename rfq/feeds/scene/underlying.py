"""One underlying as the feeds know it: books, index, funding, curve, surface and flow, each as of its own receipt.

Pure. It is told what was said and read when a snapshot is wanted; nothing is filled in. A book that is not right leaves
its instrument without a book at once. Options are not kept as books: their quotes wait for the next fit of the surface.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Final, NamedTuple

from msgspec.structs import replace

from pricing.calendar import Calendar
from pricing.curves import build_curve
from pricing.fact import Fault
from pricing.instruments import Instrument, Option, Perpetual
from pricing.market import Book, Funding, Surface, UnderlyingMarket, one_level
from pricing.numeric.smile import total_variance
from pricing.surface.fit import Fit, fit
from pricing.surface.quotes import OptionQuote, clean
from pricing.units import DAY_NS, NS_PER_S, YEAR_NS
from pricing.variance_clock import with_calendar
from rfq.desk.features.look import Look, Print, Sizing
from rfq.desk.features.outside import NOTHING, Outside
from rfq.desk.features.reading import Moves
from rfq.desk.features.stream import MarketFlow
from rfq.feeds.said import Listed, TickerSaid
from rfq.feeds.sizing import sizing_said

Key = tuple[str, str]
"""A venue and its own symbol."""
BAND: Final = 3
"""Depth is told within ten bps: its place in `look.BANDS_BPS`."""
_TERM_NS: Final = 30 * DAY_NS
"""Sigma is the volatility at the money of the expiry nearest to thirty days."""
REST_MAX: Final = 2_000
"""Options with a quote, at most."""
FUNDING_MOST: Final = 0.05
USD_MOST: Final = 1e15
"""What a venue says beyond this (funding for eight hours; prices and volumes in USD) is not believed."""
INDEX_NS: Final = 10 * NS_PER_S
"""An index that was told so long ago is none: the venues tell theirs every second."""
SURFACE_NS: Final = 120 * NS_PER_S
"""So is a surface whose newest quote is so old: then the chain's link is dead, or the fits have stopped."""
FUNDING_NS: Final = 600 * NS_PER_S
"""Funding that nobody has told for so long is not known."""


class Told(NamedTuple):
    """What of a venue's list one underlying is made of: the instruments by key, and which of them leads (its book feeds
    the flow, and its moves are told) with what a size of it is worth."""

    name: str
    instruments: Mapping[Key, Instrument]
    lead: Key
    sizing: Sizing


class Scene:
    """What is known of one underlying."""

    def __init__(self, told: Told) -> None:
        self.name: Final = told.name
        self.instruments: Final = dict(told.instruments)
        self._by_name: Final = {one.name: one for one in self.instruments.values()}
        self.lead: Final = told.lead
        self.sizing = told.sizing
        self.flow = MarketFlow(told.sizing)
        self._looks: dict[Key, Look] = {}
        self._funding: dict[Key, Funding] = {}
        self._volumes: dict[Key, tuple[int, float]] = {}
        self._chain: dict[Key, OptionQuote] = {}
        self._index = 0.0
        self._index_at = 0
        self._fit: Fit | None = None
        self.changes = 0
        """Counts what was told, so that whoever keeps a snapshot knows whether it is the newest."""

    # --- told ----------------------------------------------------------------------------------------------------

    def look(self, key: Key, look: Look) -> None:
        """A book is right and looks like this."""
        self._looks[key] = look
        self.changes += 1
        if key == self.lead:
            self.flow.look(look)

    def trade(self, key: Key, told: Print) -> None:
        """A trade."""
        self.changes += 1
        if key == self.lead:
            self.flow.trade(told)

    def broke(self, key: Key, at: int) -> None:
        """A book is not right any more: until it is again, it is not there. What breaks a book (a lost link, silence)
        may have cost trades too: none is known until something is heard again."""
        self.changes += 1
        self._looks.pop(key, None)
        if key == self.lead:
            self.flow.broke(at, trades=True)

    def add(self, key: Key, instrument: Instrument) -> bool:
        """One more instrument of this underlying, an option of its chain; False if it is known or there is no room."""
        if key in self.instruments or len(self.instruments) >= REST_MAX:
            return False
        self.instruments[key] = instrument
        self._by_name[instrument.name] = instrument
        return True

    def expired(self, now: int) -> list[Key]:
        """Forget the options that have expired, so that there is room for new ones; which they were."""
        gone = [
            key for key, one in self.instruments.items() if isinstance(one, Option) and one.expiry_at <= now
        ]
        for key in gone:
            del self._by_name[self.instruments.pop(key).name]
            self._chain.pop(key, None)
        return gone

    def listed(self, one: Listed) -> None:
        """What the venue itself says of a size of the leading book; if that is not what was thought, begin again."""
        found = sizing_said(one, self.sizing.usd)
        if (one.venue, one.symbol) == self.lead and found != self.sizing:
            self.sizing = found
            self.flow = MarketFlow(found)
            self.changes += 1

    def moves(self, at: int) -> Moves:
        """How far the leading mid has moved."""
        return self.flow.moves(at)

    def ticker(self, said: TickerSaid) -> None:
        """Mark, index, funding; or an option's quote. The index is the leading instrument's own: others of its venue
        may stand on another one (in USDC, say)."""
        key = (said.venue, said.symbol)
        instrument = self.instruments.get(key)
        self.changes += 1
        if key == self.lead and said.index is not None and 0.0 < said.index < USD_MOST:
            self._index, self._index_at = said.index, said.received_at
        if isinstance(instrument, Option):
            self._option(key, instrument, said)
            return
        if said.volume_usd_24h is not None and 0.0 <= said.volume_usd_24h < USD_MOST:
            self._volumes[key] = (said.received_at, said.volume_usd_24h)
        funding = said.funding_8h
        if funding is not None and abs(funding) < FUNDING_MOST and isinstance(instrument, Perpetual):
            self._funding[key] = Funding(instrument=instrument.name, at=said.received_at, rate_8h=funding)

    def _option(self, key: Key, option: Option, said: TickerSaid) -> None:
        if said.underlying is None or not 0.0 < said.underlying < USD_MOST:
            return  # a mark: says nothing of quotes
        if said.bid is None and said.ask is None:
            self._chain.pop(key, None)  # nobody quotes it any more
            return
        if key not in self._chain and len(self._chain) >= REST_MAX:
            return
        share = 1.0 if option.inverse else 1.0 / said.underlying
        self._chain[key] = OptionQuote(
            expiry_at=option.expiry_at,
            strike=float(option.strike),
            is_call=option.call,
            bid=max(said.bid or 0.0, 0.0) * share,
            ask=max(said.ask or 0.0, 0.0) * share,
            forward=said.underlying,
            at=said.received_at,
        )

    # --- read ----------------------------------------------------------------------------------------------------

    @property
    def mid(self) -> float:
        """The leading book's mid, 0 when it is not right."""
        look = self._looks.get(self.lead)
        return 0.0 if look is None else 0.5 * (look.bid.price + look.offer.price)

    def chain(self) -> tuple[OptionQuote, ...]:
        """The options' newest quotes."""
        return tuple(self._chain.values())

    def refit(self, chain: tuple[OptionQuote, ...], now: int, calendar: Calendar) -> Fit | None:
        """The surface of these quotes; slow (some 20 ms), touches nothing here but the fit before, and may run on
        another thread. None without quotes of expiries to come."""
        coming = [quote for quote in chain if quote.expiry_at > now]
        if not coming:
            return None
        return fit(clean(coming, now), self._fit, clock=with_calendar(None, calendar, self.name))

    def fitted(self, found: Fit) -> None:
        """Take a fit's surface; one that may not be used leaves the one before, which ages."""
        if found.surface is not None:
            self._fit = found
            self.changes += 1

    def read(
        self,
        at: int,
        outside: Outside = NOTHING,
        others: Sequence[Moves] = (),
    ) -> UnderlyingMarket | None:
        """All of it as of `at`; None while there is neither a young index nor a leading book. What was told too long
        ago is not there."""
        index, index_at = self._index, self._index_at
        lead = self._looks.get(self.lead)
        if index <= 0.0 or at - index_at > INDEX_NS:
            if lead is None or at - lead.at > INDEX_NS:
                return None
            index, index_at = self.mid, lead.at
        surface = None if self._fit is None else self._fit.surface
        if surface is not None and at - surface.at > SURFACE_NS:
            surface = None
        flow = self.flow.read(at, others, outside)
        sigma = _sigma(surface, at) or flow.realised_vol_10m or 0.0
        bare = UnderlyingMarket(
            name=self.name,
            index=index,
            index_at=index_at,
            sigma=sigma,
            adv_usd=sum([usd for told_at, usd in self._volumes.values() if at - told_at <= DAY_NS], 0.0),
            depth_usd_10bps=0.0 if lead is None else self._depth_usd(lead),
            books=self._books(),
            funding=tuple([one for _, one in sorted(self._funding.items()) if at - one.at <= FUNDING_NS]),
            surface=surface,
            flow=flow,
        )
        expiries = (
            [] if surface is None else [smile.expiry_at for smile in surface.smiles if smile.expiry_at > at]
        )
        curve = build_curve(bare, self._by_name, at, expiries)
        return bare if isinstance(curve, Fault) else replace(bare, curve=curve)

    def _books(self) -> tuple[Book, ...]:
        """The touches of the books that are right, in the order of their keys."""
        found = []
        for key in sorted(self._looks):
            look, instrument = self._looks[key], self.instruments.get(key)
            if instrument is not None:
                found.append(
                    one_level(
                        instrument.name,
                        look.at,
                        look.bid.price,
                        look.offer.price,
                        look.bid.size,
                        look.offer.size,
                        instrument.venue,
                    )
                )
        return tuple(found)

    def _depth_usd(self, look: Look) -> float:
        """The mean of both sides within ten bps."""
        worth = self.sizing.worth
        bid = worth(look.bid.bands[BAND], look.bid.price)
        return 0.5 * (bid + worth(look.offer.bands[BAND], look.offer.price))


def _sigma(surface: Surface | None, at: int) -> float:
    """The volatility at the money some thirty days out; 0 without a surface."""
    if surface is None:
        return 0.0
    coming = [smile for smile in surface.smiles if smile.expiry_at > at]
    if not coming:
        return 0.0
    near = min(coming, key=lambda smile: abs(smile.expiry_at - at - _TERM_NS))
    variance = total_variance(0.0, near.a, near.b, near.rho, near.m, near.s)
    return sqrt(max(variance, 0.0) / ((near.expiry_at - surface.at) / YEAR_NS))
