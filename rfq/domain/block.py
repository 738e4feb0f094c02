"""A block: a size that a desk wants done. Today it becomes one Rfq; later also dark orders and lit child orders."""

from decimal import Decimal

from rfq.domain.fact import Fact
from rfq.domain.ids import BlockId, PartyId
from rfq.domain.policy import Allocation
from rfq.domain.request import Ask


class Block(Fact, frozen=True, kw_only=True, tag="Block.1"):
    """What is wanted, at what worst price, how it may be spread over makers, and how much is done."""

    id: BlockId
    party: PartyId
    ask: Ask
    allocation: Allocation
    filled: Decimal
    limit: Decimal | None = None
