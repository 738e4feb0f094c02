"""Who may ask us, whom we may ask, and what each of them may do."""

from rfq.domain.fact import Fact
from rfq.domain.ids import PartyId

DESK = PartyId("desk")


class Party(Fact, frozen=True, kw_only=True, tag="Party.1"):
    """A counterparty (or an operator) and its rights; the desk learns of it by an event."""

    id: PartyId
    may_ask: bool = False
    may_quote: bool = False
    may_operate: bool = False
    cancel_on_disconnect: bool = True

    def __post_init__(self) -> None:
        if not 1 <= len(self.id) <= 32:
            raise ValueError("id: a party id has 1 to 32 characters")
