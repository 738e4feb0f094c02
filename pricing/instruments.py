"""What can be traded: spot, perpetuals, dated futures and options, with their canonical names.

Amounts and prices. Inverse perpetual and future: price in USD, amount in USD. Linear ones and spot: price in the
quote currency per coin, amount in coin. Quanto ones are linear, and pay `quanto` units of their settle currency for
each unit of price and amount. Inverse option: price in coin per one coin, amount in coin. Linear option: price in the
quote currency per coin, amount in coin. Names are spelled as Deribit spells them; venues' own are `pricing.names`.

A `tick` holds everywhere, or below the first of `bands` ((from price, tick), both rising); each of these holds from its
price on, of either sign. Fields with a default came later: left at it they are not encoded, so what was logged before
has the same bytes.
"""

from decimal import Decimal
from typing import Final, TypeAlias

from pricing.days import MONTHS, civil
from pricing.fact import Fact, Fault
from pricing.units import DAY_NS, NS_PER_S, Bands, check_bands


def _check(name: str, contract_size: Decimal, tick: Decimal, lot: Decimal, bands: Bands) -> None:
    """Refuse an instrument without a name, with a size that is not above zero, or with bands that do not rise."""
    if not name:
        raise ValueError("name: empty")
    for field, number in (("contract_size", contract_size), ("tick", tick), ("lot", lot)):
        if not number.is_finite() or number <= 0:
            raise ValueError(f"{field}: {number} is not above zero")
    if bands:
        check_bands(tick, bands)


def _check_quanto(quanto: Decimal | None, inverse: bool) -> None:
    """Refuse a multiplier that is not above zero, and one on an inverse contract."""
    if quanto is None:
        return
    if not quanto.is_finite() or quanto <= 0:
        raise ValueError(f"quanto: {quanto} is not above zero")
    if inverse:
        raise ValueError("quanto: an inverse contract has no multiplier")


class Spot(Fact, frozen=True, kw_only=True, tag="Spot.1"):
    """A coin against its quote currency, now: what can hedge, not an underlying by itself. `lot` in coin."""

    name: str
    underlying: str
    quote_currency: str
    tick: Decimal
    lot: Decimal
    venue: str = ""
    bands: Bands = ()

    def __post_init__(self) -> None:
        """Refuse sizes that are not above zero."""
        _check(self.name, self.contract_size, self.tick, self.lot, self.bands)

    @property
    def settle_currency(self) -> str:
        """What is paid for the coin."""
        return self.quote_currency

    @property
    def inverse(self) -> bool:
        """Never: gains are linear in the price."""
        return False

    @property
    def contract_size(self) -> Decimal:
        """One coin."""
        return Decimal(1)


class Perpetual(Fact, frozen=True, kw_only=True, tag="Perpetual.2"):
    """A future without expiry. `tick` in price units, `lot` the smallest step of the amount."""

    name: str
    underlying: str
    quote_currency: str
    settle_currency: str
    inverse: bool
    contract_size: Decimal
    tick: Decimal
    lot: Decimal
    venue: str = ""
    quanto: Decimal | None = None
    bands: Bands = ()

    def __post_init__(self) -> None:
        """Refuse sizes that are not above zero."""
        _check(self.name, self.contract_size, self.tick, self.lot, self.bands)
        _check_quanto(self.quanto, self.inverse)


class Future(Fact, frozen=True, kw_only=True, tag="Future.2"):
    """A future that expires at `expiry_at` (UTC ns)."""

    name: str
    underlying: str
    quote_currency: str
    settle_currency: str
    inverse: bool
    contract_size: Decimal
    tick: Decimal
    lot: Decimal
    expiry_at: int
    venue: str = ""
    quanto: Decimal | None = None
    bands: Bands = ()

    def __post_init__(self) -> None:
        """Refuse sizes that are not above zero and an expiry before 1970."""
        _check(self.name, self.contract_size, self.tick, self.lot, self.bands)
        _check_quanto(self.quanto, self.inverse)
        if self.expiry_at <= 0:
            raise ValueError(f"expiry_at: {self.expiry_at} is not an instant")


class Option(Fact, frozen=True, kw_only=True, tag="Option.2"):
    """An option, settled in cash at `expiry_at` (UTC ns); `strike` in USD or quote currency per coin.

    `averaging_s`: it settles on the index's mean over so many seconds before expiry; 0, on its last value. `style` ""
    is European. Others, and a `quanto` multiplier, can be said, so that who asks is told why; `refusal` refuses them.
    """

    name: str
    underlying: str
    quote_currency: str
    settle_currency: str
    inverse: bool
    contract_size: Decimal
    tick: Decimal
    lot: Decimal
    expiry_at: int
    strike: Decimal
    call: bool
    venue: str = ""
    averaging_s: int = 0
    style: str = ""
    quanto: Decimal | None = None
    bands: Bands = ()

    def __post_init__(self) -> None:
        """Refuse sizes and strikes that are not above zero and an expiry before 1970."""
        _check(self.name, self.contract_size, self.tick, self.lot, self.bands)
        if self.expiry_at <= 0:
            raise ValueError(f"expiry_at: {self.expiry_at} is not an instant")
        if not self.strike.is_finite() or self.strike <= 0:
            raise ValueError(f"strike: {self.strike} is not above zero")
        if not 0 <= self.averaging_s <= DAY_NS // NS_PER_S:
            raise ValueError(f"averaging_s: {self.averaging_s} is no part of a day")


Instrument: TypeAlias = Perpetual | Future | Option | Spot

EUROPEAN: Final = ("", "european")
DOLLARS: Final = ("USD", "USDC", "USDT")
"""What counts as the dollar when it is asked whether a contract settles in its own quote currency."""


def refusal(instrument: Instrument) -> Fault | None:
    """Why nothing here can value an instrument whatever the market says, or None."""
    if not isinstance(instrument, Option):
        return None
    if instrument.style.lower() not in EUROPEAN:
        return Fault(field="style", problem=f"{instrument.style} options are not priced, European ones are")
    if instrument.quanto is not None:
        return Fault(field="quanto", problem="options on a quanto contract are not priced")
    settle, quote = instrument.settle_currency, instrument.quote_currency
    if instrument.inverse:
        for field, currency in (("settle_currency", settle), ("quote_currency", quote)):
            if currency != instrument.underlying:
                problem = (
                    f"an inverse option is quoted and settled in {instrument.underlying}, not in {currency}"
                )
                return Fault(field=field, problem=problem)
    if settle not in (instrument.underlying, quote) and not (settle in DOLLARS and quote in DOLLARS):
        problem = f"an option on {instrument.underlying} in {quote} that settles in {settle} is a quanto"
        return Fault(field="settle_currency", problem=problem)
    return None


def profit(instrument: Instrument, amount: float, from_price: float, to_price: float) -> float:
    """What a position of signed `amount` gains between two prices above zero, in its settle currency.

    Inverse perpetuals and futures: N (1/F0 - 1/F1). All else is linear in its price; a quanto times its multiplier.
    """
    if isinstance(instrument, Perpetual | Future):
        if instrument.inverse:
            return amount * (to_price - from_price) / (from_price * to_price)
        if instrument.quanto is not None:
            return amount * float(instrument.quanto) * (to_price - from_price)
    return amount * (to_price - from_price)


def date_name(at: int) -> str:
    """The UTC calendar day of an instant as venues write it: 27DEC24, 7MAR25."""
    year, month, day = civil(at)
    return f"{day}{MONTHS[month - 1]}{year % 100:02d}"


def family_name(underlying: str, quote_currency: str = "") -> str:
    """The first part of a name: BTC for inverse contracts, BTC_USDC for linear ones."""
    return f"{underlying}_{quote_currency}" if quote_currency else underlying


def perpetual_name(underlying: str, quote_currency: str = "") -> str:
    """BTC-PERPETUAL; with a quote currency (linear contracts) BTC_USDC-PERPETUAL."""
    return f"{family_name(underlying, quote_currency)}-PERPETUAL"


def future_name(underlying: str, expiry_at: int, quote_currency: str = "") -> str:
    """BTC-27DEC24; with a quote currency (linear contracts) BTC_USDC-27DEC24."""
    return f"{family_name(underlying, quote_currency)}-{date_name(expiry_at)}"


def option_name(
    underlying: str, expiry_at: int, strike: Decimal, call: bool, quote_currency: str = ""
) -> str:
    """BTC-27DEC24-65000-C; a strike's decimal point is written d (XRP_USDC-27DEC24-0d55-P)."""
    text = f"{strike:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".").replace(".", "d")
    return f"{future_name(underlying, expiry_at, quote_currency)}-{text}-{'C' if call else 'P'}"
