"""What is listed in the simulated market, and who is in it: the content of a simulated chain's first record.

Names and sizes follow one venue's habits; expiries are Fridays at 08:00 UTC counted from the world's start, so that a
world can also start now.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from pricing.instruments import (
    Future,
    Instrument,
    Option,
    Perpetual,
    future_name,
    option_name,
    perpetual_name,
)
from pricing.units import DAY_NS
from rfq.domain.ids import PartyId
from rfq.domain.parties import Party

EXPIRY_DAYS_MIN: Final = (4, 24, 78)
"""At least so many days to the three expiries; futures are listed on the last two."""
_FRIDAY: Final = 1  # day 0 of 1970 was a Thursday
_EIGHT_NS: Final = DAY_NS // 3


class Coin(NamedTuple):
    """One underlying: where its index starts (`start`) (USD), and the steps of what is listed on it."""

    name: str
    start: float
    strike_steps: tuple[int, int, int]
    book_tick: Decimal
    usd_lot: Decimal
    coin_lot: Decimal
    option_lot: Decimal


COINS: Final = (
    Coin(
        name="BTC",
        start=100_000.0,
        strike_steps=(2_000, 5_000, 10_000),
        book_tick=Decimal("0.5"),
        usd_lot=Decimal(10),
        coin_lot=Decimal("0.001"),
        option_lot=Decimal("0.1"),
    ),
    Coin(
        name="ETH",
        start=4_000.0,
        strike_steps=(100, 200, 400),
        book_tick=Decimal("0.05"),
        usd_lot=Decimal(1),
        coin_lot=Decimal("0.01"),
        option_lot=Decimal(1),
    ),
)
OPTION_TICK: Final = Decimal("0.0001")
OPTION_BANDS: Final = ((Decimal("0.005"), Decimal("0.0005")),)
STRIKES_EACH_SIDE: Final = 3

TRADERS: Final = (PartyId("desk-trader-01"), PartyId("desk-trader-02"))
RISK: Final = (PartyId("desk-risk-01"), PartyId("desk-risk-02"))
STRANGER: Final = PartyId("stranger-01")
"""Asks without having been admitted."""
_KEEPS_QUOTES: Final = 5
"""One party in so many does not want its quotes cancelled when its session drops."""


def expiries(start_at: int) -> tuple[int, ...]:
    """The three expiries (UTC ns) of a world that starts at `start_at`."""
    return tuple(_friday(start_at + days * DAY_NS) for days in EXPIRY_DAYS_MIN)


def _friday(after_at: int) -> int:
    day = -(-(after_at - _EIGHT_NS) // DAY_NS)
    return (day + (_FRIDAY - day) % 7) * DAY_NS + _EIGHT_NS


def list_instruments(start_at: int) -> tuple[Instrument, ...]:
    """Everything that is listed, in a fixed order."""
    listed: list[Instrument] = []
    for coin in COINS:
        listed += _perpetuals(coin)
        dates = expiries(start_at)
        listed += [_future(coin, at) for at in dates[1:]]
        for at, step in zip(dates, coin.strike_steps, strict=True):
            middle = round(coin.start / step) * step
            for place in range(-STRIKES_EACH_SIDE, STRIKES_EACH_SIDE + 1):
                strike = Decimal(middle + place * step)
                listed += [_option(coin, at, strike, call) for call in (True, False)]
    return tuple(listed)


def _perpetuals(coin: Coin) -> list[Instrument]:
    """The inverse one, in USD, and the linear one, in USDC."""
    return [
        Perpetual(
            name=perpetual_name(coin.name),
            underlying=coin.name,
            quote_currency="USD",
            settle_currency=coin.name,
            inverse=True,
            contract_size=coin.usd_lot,
            tick=coin.book_tick,
            lot=coin.usd_lot,
        ),
        Perpetual(
            name=perpetual_name(coin.name, "USDC"),
            underlying=coin.name,
            quote_currency="USDC",
            settle_currency="USDC",
            inverse=False,
            contract_size=coin.coin_lot,
            tick=coin.book_tick,
            lot=coin.coin_lot,
        ),
    ]


def _future(coin: Coin, expiry_at: int) -> Future:
    return Future(
        name=future_name(coin.name, expiry_at),
        underlying=coin.name,
        quote_currency="USD",
        settle_currency=coin.name,
        inverse=True,
        contract_size=coin.usd_lot,
        tick=coin.book_tick,
        lot=coin.usd_lot,
        expiry_at=expiry_at,
    )


def _option(coin: Coin, expiry_at: int, strike: Decimal, call: bool) -> Option:
    return Option(
        name=option_name(coin.name, expiry_at, strike, call),
        underlying=coin.name,
        quote_currency=coin.name,
        settle_currency=coin.name,
        inverse=True,
        contract_size=Decimal(1),
        tick=OPTION_TICK,
        bands=OPTION_BANDS,
        lot=coin.option_lot,
        expiry_at=expiry_at,
        strike=strike,
        call=call,
    )


def client_id(place: int) -> PartyId:
    """The id of the client at this place, from 0."""
    return PartyId(f"client-{place + 1:02d}")


def dealer_id(place: int) -> PartyId:
    """The id of the dealer at this place, from 0."""
    return PartyId(f"dealer-{place + 1:02d}")


def list_parties(clients: int, dealers: int) -> tuple[Party, ...]:
    """Everybody the desk knows from the beginning."""
    return (
        *(
            Party(id=client_id(n), may_ask=True, cancel_on_disconnect=n % _KEEPS_QUOTES != 4)
            for n in range(clients)
        ),
        *(
            Party(id=dealer_id(n), may_quote=True, cancel_on_disconnect=n % _KEEPS_QUOTES != 4)
            for n in range(dealers)
        ),
        *(Party(id=one, may_operate=True) for one in (*TRADERS, *RISK)),
    )
