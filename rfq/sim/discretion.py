"""Discretion: nobody is shown anything of anybody else.

The bytes that leave for a party are searched for other parties' names (a stem and a number; their references begin
with them), for ids of quotes that are another's, and, where losers are told, for rivals' prices. The cover price goes
only to who traded.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from rfq.desk.engine import Desk
from rfq.domain.effects import AcceptQuote, Effect, Outward, RefuseQuote, SendQuote, TellOutcome, WithdrawRfq
from rfq.domain.events import QuoteReceived, Stamped
from rfq.domain.ids import ChainId, IdMaker
from rfq.domain.outcome import Outcome

Complain = Callable[[int, str], None]
_NUMBER: Final = re.compile(rb"(?<![0-9a-z.-])-?[0-9]+(?:\.[0-9]+)?(?![0-9.])")
_PRICED: Final = frozenset({TellOutcome, WithdrawRfq, RefuseQuote})


class Discretion:
    """Knows whose each name, id and price is."""

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self._names = self._quotes = re.compile(rb"(?!)")
        self._chain = ChainId("")
        self._owners: dict[bytes, str] = {}
        self._prices: dict[str, dict[str, set[bytes]]] = {}
        self._traded: set[tuple[str, str]] = set()
        self.on_event: dict[type, Callable[[Stamped, tuple[Effect, ...]], None]] = {
            QuoteReceived: self._on_quoted
        }
        self.on_effect: dict[type, Callable[[Stamped, Any], None]] = {
            SendQuote: self._on_ours,
            AcceptQuote: self._on_accept,
        }

    def begin(self, desk: Desk) -> None:
        """Learn who there is; ids begin with the chain's."""
        self._chain = desk.state.chain
        self._quotes = re.compile(re.escape(self._chain).encode() + rb"-q[0-9a-f]+-[0-9a-f]+")
        known = [one.id for one in desk.state.parties.values() if one.may_ask or one.may_quote]
        stems = sorted({name.rstrip("0123456789") for name in known})
        if stems:
            self._names = re.compile(b"(?:%b)[0-9]+" % "|".join(map(re.escape, stems)).encode())

    def _on_quoted(self, stamped: Stamped, _effects: tuple[Effect, ...]) -> None:
        """A dealer's quote: the desk will call it by the first id of this record."""
        event = stamped.event
        assert isinstance(event, QuoteReceived)
        identifier = IdMaker(self._chain, stamped.number).make("q")
        self._owners[identifier.encode()] = event.dealer
        mine = self._prices.setdefault(event.rfq, {}).setdefault(event.dealer, set())
        mine.update(str(price).encode() for price in (event.bid, event.offer) if price is not None)

    def _on_ours(self, _stamped: Stamped, effect: SendQuote) -> None:
        self._owners[effect.quote.id.encode()] = effect.to

    def _on_accept(self, _stamped: Stamped, effect: AcceptQuote) -> None:
        self._traded.add((effect.rfq, effect.to))

    def on_left(self, number: int, effect: Outward, raw: bytes) -> None:
        """Look for what is not this party's to see."""
        to = effect.to.encode()
        for name in self._names.findall(raw):
            if name != to:
                self._complain(number, f"{type(effect).__name__} to {effect.to} names {name.decode()}")
        for identifier in self._quotes.findall(raw):
            owner = self._owners.get(identifier)
            if owner is not None and owner != effect.to:
                told = f"{type(effect).__name__} to {effect.to} tells of quote {identifier.decode()}"
                self._complain(number, f"{told}, which is not its own")
        if type(effect) in _PRICED:
            self._look_for_prices(number, effect, raw)

    def _look_for_prices(self, number: int, effect: Outward, raw: bytes) -> None:
        """A dealer is told of no price but its own; who traded, of the cover price too."""
        assert isinstance(effect, (TellOutcome, WithdrawRfq, RefuseQuote))
        if type(effect) is TellOutcome and effect.cover is not None:
            if effect.outcome is Outcome.DONE and (effect.rfq, effect.to) in self._traded:
                return
            self._complain(number, f"TellOutcome to {effect.to} tells the cover price, and it did not trade")
            return
        prices = self._prices.get(effect.rfq)
        if not prices:
            return
        own = prices.get(effect.to, set())
        for found in sorted(set(_NUMBER.findall(raw)) - own):
            for dealer, theirs in prices.items():
                if found in theirs:
                    told = f"{type(effect).__name__} to {effect.to} tells {found.decode()}"
                    self._complain(number, f"{told}, a price of {dealer}")
