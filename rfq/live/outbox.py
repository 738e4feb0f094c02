"""What waits for its record to become durable, and the last look at the clock before it leaves.

Effects leave in log order. A price or an acceptance whose time has passed, or that the kill switch has overtaken, does
not leave: its fate is `NotSent`, with the Reason. The id of an effect (chain, record, index) goes with it to the wire,
whose own journal can then tell after a crash which effects were sent.
"""

from collections import deque

from rfq.audit.writer import Failpoint, no_failpoint
from rfq.domain.effects import AcceptQuote, AskDealer, Outward, SendQuote, not_after
from rfq.domain.events import NotSent, Sent, SentMark
from rfq.domain.ids import ChainId
from rfq.domain.reasons import Code, Reason
from rfq.live.ports import Wire
from rfq.wire.departures import Unreachable, Unsayable, effect_id

_COMMITTING = frozenset({SendQuote, AcceptQuote, AskDealer})


class Outbox:
    """Outward effects by record number, oldest first."""

    __slots__ = ("_chain", "_failpoint", "_waiting", "_wire", "killed")

    def __init__(self, wire: Wire, chain: ChainId, failpoint: Failpoint = no_failpoint) -> None:
        self._wire = wire
        self._chain = chain
        self._failpoint = failpoint
        self._waiting: deque[tuple[int, list[tuple[int, Outward]]]] = deque()
        self.killed = False

    def __len__(self) -> int:
        """How many records wait."""
        return len(self._waiting)

    def put(self, number: int, effects: list[tuple[int, Outward]]) -> None:
        """These effects (with their index) wait for record `number`."""
        self._waiting.append((number, effects))

    def drop(self) -> None:
        """The log failed: nothing that waits is ever sent."""
        self._waiting.clear()

    def release(self, durable: int, now: int) -> list[Sent | NotSent]:
        """Send what belongs to records up to `durable`; returns what became of it."""
        fates: list[Sent | NotSent] = []
        while self._waiting and self._waiting[0][0] <= durable:
            number, effects = self._waiting.popleft()
            marks = []
            for index, effect in effects:
                found = self._send(effect, effect_id(self._chain, number, index), now)
                if isinstance(found, Reason):
                    fates.append(NotSent(number=number, index=index, reason=found))
                else:
                    marks.append(SentMark(number=number, index=index, at=now, raw=found))
            if marks:
                fates.append(Sent(marks=tuple(marks)))
        return fates

    def _send(self, effect: Outward, tag: str, now: int) -> str | Reason:
        """One effect; whatever goes wrong in a wire is that effect's fate, and nobody else's."""
        if self.killed and type(effect) in _COMMITTING:
            return Reason(code=Code.KILLED)
        limit_at = not_after(effect)
        if limit_at and now >= limit_at:
            return Reason(code=Code.TOO_LATE, field="not_after_at")
        self._failpoint("before-send")
        try:
            raw = self._wire.send(effect, tag)
        except Unreachable as error:
            return Reason(code=Code.SESSION_DOWN, detail=str(error))
        except Unsayable as error:
            return Reason(code=Code.UNREADABLE, detail=str(error)[:200])
        except Exception as error:
            return Reason(code=Code.FAULT, detail=f"{type(error).__name__}: {error}"[:200])
        self._failpoint("after-send")
        return raw
