"""What can be traded: perpetuals, dated futures and options, each linear or inverse, with their canonical
names.

Amounts and prices. Inverse perpetual and future: price in USD, amount in USD. Linear ones: price in the quote
currency per coin, amount in coin. Inverse option: price in coin per one coin, amount in coin. Linear option:
price in the quote currency per coin, amount in coin. Names are spelled as Deribit spells them; parsing
venues' names is a later floor.
"""

from decimal import Decimal
from typing import Final, TypeAlias

from pricing.fact import Fact
from pricing.units import DAY_NS

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def _check(name: str, contract_size: Decimal, tick: Decimal, lot: Decimal) -> None:
    """Refuse an instrument without a name or with a size that is not above zero."""
    if not name:
        raise ValueError("name: empty")
    for field, number in (("contract_size", contract_size), ("tick", tick), ("lot", lot)):
        if not number.is_finite() or number <= 0:
            raise ValueError(f"{field}: {number} is not above zero")


class Perpetual(Fact, frozen=True, kw_only=True, tag="Perpetual.1"):
    """A future without expiry. `tick` in price units, `lot` the smallest step of the amount."""

    name: str
    underlying: str
    quote_currency: str
    settle_currency: str
    inverse: bool
    contract_size: Decimal
    tick: Decimal
    lot: Decimal

    def __post_init__(self) -> None:
        """Refuse sizes that are not above zero."""
        _check(self.name, self.contract_size, self.tick, self.lot)


class Future(Fact, frozen=True, kw_only=True, tag="Future.1"):
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

    def __post_init__(self) -> None:
        """Refuse sizes that are not above zero and an expiry before 1970."""
        _check(self.name, self.contract_size, self.tick, self.lot)
        if self.expiry_at <= 0:
            raise ValueError(f"expiry_at: {self.expiry_at} is not an instant")


class Option(Fact, frozen=True, kw_only=True, tag="Option.1"):
    """A European option, settled in cash at `expiry_at` (UTC ns); `strike` in USD or quote currency per
    coin.
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

    def __post_init__(self) -> None:
        """Refuse sizes and strikes that are not above zero and an expiry before 1970."""
        _check(self.name, self.contract_size, self.tick, self.lot)
        if self.expiry_at <= 0:
            raise ValueError(f"expiry_at: {self.expiry_at} is not an instant")
        if not self.strike.is_finite() or self.strike <= 0:
            raise ValueError(f"strike: {self.strike} is not above zero")


Instrument: TypeAlias = Perpetual | Future | Option


def date_name(at: int) -> str:
    """The UTC calendar day of an instant as venues write it: 27DEC24, 7MAR25."""
    # Days to a civil date, counted from 1 March of year 0 so that the leap day comes last.
    shifted = at // DAY_NS + 719_468
    era, day_of_era = divmod(shifted, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    year = 400 * era + year_of_era + (month <= 2)
    return f"{day}{_MONTHS[month - 1]}{year % 100:02d}"


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
