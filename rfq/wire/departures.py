"""What leaves: the id by which a wire's journal remembers an effect, and the word for a party that is not there."""

from rfq.domain.ids import ChainId

SEPARATOR = ":"
COPY = "copy"


class Unreachable(Exception):
    """The party of an outward effect has no session now."""


class Unsayable(Exception):
    """The party's dialect has no words for an outward effect; nothing of it left, and nothing ever will."""


def effect_id(chain: ChainId, number: int, index: int) -> str:
    """`chain:record:index`: one outward effect of one log."""
    return f"{chain}{SEPARATOR}{number}{SEPARATOR}{index}"


def parse_effect_id(text: str) -> tuple[str, int, int] | None:
    """The chain, the record's number and the index; None if it is no effect's id (something else of ours was sent)."""
    parts = text.split(SEPARATOR)
    if len(parts) != 3 or not (parts[1].isdecimal() and parts[2].isdecimal()):
        return None
    return parts[0], int(parts[1]), int(parts[2])


def copy_id(chain: ChainId, number: int, index: int) -> str:
    """The id of a drop copy of a fill: it tells of an effect, and is not one."""
    return f"{COPY}{SEPARATOR}{effect_id(chain, number, index)}"


def parse_copy_id(text: str) -> tuple[str, int, int] | None:
    """The effect that a drop copy told of."""
    head, _, rest = text.partition(SEPARATOR)
    return parse_effect_id(rest) if head == COPY else None
