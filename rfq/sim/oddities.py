"""What should not be sent, and is: requests that are wrong in one place each, as they would come off a wire,
and answers to nothing."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from rfq.domain.events import AcceptReceived, Event, NeedPosted, QuoteReceived, RfqCancelled, RfqReceived
from rfq.domain.ids import PartyId, QuoteId, RfqId
from rfq.domain.request import Side
from rfq.sim.dice import Dice
from rfq.sim.instruments import STRANGER
from rfq.sim.street import Street
from rfq.wire.inbound import read_rfq

Message = dict[str, Any]
_PERPETUAL: Final = "BTC-PERPETUAL"
_OTHER: Final = "BTC_USDC-PERPETUAL"
_HEDGE: Final = {"instrument": _PERPETUAL, "ratio": "-1000", "price": "100000"}


def _twenty_one_legs(message: Message) -> None:
    message["legs"] = [{"instrument": _PERPETUAL, "ratio": str(place + 1)} for place in range(21)]


def _set(key: str, value: Any) -> Callable[[Message], None]:
    def spoil(message: Message) -> None:
        message[key] = value

    return spoil


def _crossed(message: Message) -> None:
    message.update(side="two_way", bid_limit="100010", offer_limit="100000")


def _mixed(message: Message) -> None:
    message["legs"] = [{"instrument": _PERPETUAL, "ratio": "1"}, {"instrument": _OTHER, "ratio": "-1"}]


def _bad_ratio(message: Message) -> None:
    message["legs"][0]["ratio"] = "1,5"


SPOILERS: Final[dict[str, Callable[[Message], None]]] = {
    "zero size": _set("amount", "0"),
    "negative size": _set("amount", "-10"),
    "off the step": _set("amount", "10.5"),
    "crossed limits": _crossed,
    "unknown instrument": _set("legs", [{"instrument": "DOGE-PERPETUAL", "ratio": "1"}]),
    "no legs": _set("legs", []),
    "21 legs": _twenty_one_legs,
    "mixed quote currencies": _mixed,
    "same leg twice": _set("legs", [{"instrument": _PERPETUAL, "ratio": "1"}] * 2),
    "zero ratio": _set("legs", [{"instrument": _PERPETUAL, "ratio": "0"}]),
    "two hedges": _set("hedges", [_HEDGE, _HEDGE]),
    "expiry in the past": _set("expires_at", 1_600_000_000_000_000_000),
    "expiry too far": _set("expires_at", 9_000_000_000_000_000_000),
    "not a number": _set("amount", "NaN"),
    "infinite": _set("bid_limit", "-Infinity"),
    "ratio not a number": _bad_ratio,
    "huge number": _set("amount", "1e400"),
    "unknown field": _set("urgency", "high"),
    "unknown side": _set("side", "up"),
    "not a list": _set("legs", "BTC-PERPETUAL"),
}
"""What is wrong -> how to make it so in a good request."""


class Oddities:
    """Sends one odd thing at a time, in the name of some client."""

    def __init__(
        self,
        *,
        street: Street,
        dice: Dice,
        clients: tuple[PartyId, ...],
        dealers: tuple[PartyId, ...],
        stem: str = "",
    ) -> None:
        self._stem = stem
        self._street = street
        self._dice = dice
        self._clients = clients
        self._dealers = dealers
        self._sent = 0
        self._kinds: tuple[Callable[[Message], None], ...] = tuple(SPOILERS.values())
        self._others: tuple[Callable[[PartyId], None], ...] = (
            self._from_a_stranger,
            self._said_twice,
            self._cancel_of_nothing,
            self._accept_of_nothing,
            self._need_of_a_client,
            self._quote_on_nothing,
        )

    def send(self) -> None:
        """One of them now."""
        dice = self._dice
        party = dice.pick(self._clients)
        self._sent += 1
        roll = dice.below(len(self._kinds) + len(self._others))
        if roll < len(self._kinds):
            message = self._good()
            self._kinds[roll](message)
            self._say(party, read_rfq(party, message))
        else:
            self._others[roll - len(self._kinds)](party)

    def _from_a_stranger(self, _party: PartyId) -> None:
        self._street.shout(read_rfq(STRANGER, self._good()))

    def _said_twice(self, party: PartyId) -> None:
        event = read_rfq(party, self._good())
        self._say(party, event)
        self._say(party, event)

    def _cancel_of_nothing(self, party: PartyId) -> None:
        self._say(party, RfqCancelled(party=party, reference=f"{party}-nothing"))

    def _accept_of_nothing(self, party: PartyId) -> None:
        accept = AcceptReceived(
            party=party,
            quote=QuoteId("none-q1-0"),
            reference=f"{party}-odd{self._stem}{self._sent}",
            side=Side.BUY,
            amount=Decimal(10),
        )
        self._say(party, accept)

    def _need_of_a_client(self, party: PartyId) -> None:
        event = read_rfq(party, self._good())
        if isinstance(event, RfqReceived):
            self._say(party, NeedPosted(party=party, reference=event.reference, ask=event.ask))

    def _quote_on_nothing(self, _party: PartyId) -> None:
        if not self._dealers:
            return
        dealer = self._dice.pick(self._dealers)
        quote = QuoteReceived(
            dealer=dealer,
            rfq=RfqId("none-r1-0"),
            reference=f"{dealer}-odd{self._stem}{self._sent}",
            expires_at=self._street.now() + 1_000_000_000,
            bid=Decimal(2),
            offer=Decimal(1),
            bid_amount=Decimal(0),
            offer_amount=Decimal(1),
        )
        self._say(dealer, quote)

    def _good(self) -> Message:
        """A request that nothing is wrong with; nobody will act on its quote."""
        return {
            "reference": f"odd-{self._stem}{self._sent}",
            "legs": [{"instrument": _PERPETUAL, "ratio": "1"}],
            "amount": "100000",
            "side": self._dice.pick(("buy", "sell", "two_way")),
        }

    def _say(self, party: PartyId, event: Event) -> None:
        self._street.say(party, event)
