"""The oracle at the edge: effect Estimate -> models.infer -> event Estimated.

Whatever goes wrong inside a model becomes an answer without numbers; the desk then uses its closed form. On real time
the model runs on its own thread; on virtual time at once, with a delay drawn by the caller.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from models.infer import Scorer
from rfq.desk.response import estimates_of
from rfq.domain.effects import Estimate
from rfq.domain.events import Estimated
from rfq.domain.reasons import Code, Reason
from rfq.ops.schedule import Schedule

Answer = Callable[[Estimated], object]
WAITING_MAX = 1_000


def answer_of(scorer: Scorer, effect: Estimate) -> Estimated:
    """What the model says to one question, or why it says nothing."""
    name = scorer.hash[:16]
    try:
        prediction = scorer.predict((effect.row,))[0]
        return Estimated(rfq=effect.rfq, model=name, estimates=estimates_of(prediction))
    except (ValueError, ArithmeticError, IndexError) as error:
        reason = Reason(code=Code.MODEL_FAULT, detail=f"{type(error).__name__}: {error}"[:200])
        return Estimated(rfq=effect.rfq, model=name, reason=reason)


class ThreadedOracle:
    """For real time: one thread, a bounded number of questions waiting; one too many is answered at once without
    numbers."""

    def __init__(self, scorer: Scorer, schedule: Schedule, answer: Answer) -> None:
        self._scorer = scorer
        self._schedule = schedule
        self._answer = answer
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="oracle")
        self._waiting = 0

    def ask(self, effect: Estimate) -> None:
        """Answer on the loop's thread when the model is done."""
        if self._waiting >= WAITING_MAX:
            reason = Reason(code=Code.BUSY, detail=f"{WAITING_MAX} questions wait")
            self._answer(Estimated(rfq=effect.rfq, model=self._scorer.hash[:16], reason=reason))
            return
        self._waiting += 1
        self._pool.submit(self._work, effect)

    def _work(self, effect: Estimate) -> None:
        event = answer_of(self._scorer, effect)
        self._schedule.call_soon_from_thread(lambda: self._tell(event))

    def _tell(self, event: Estimated) -> None:
        self._waiting -= 1
        self._answer(event)

    def close(self) -> None:
        """Stop taking questions; those that wait are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class DelayedOracle:
    """For virtual time: the answer comes after `delay_ns()`; None means that it never comes."""

    def __init__(
        self, scorer: Scorer, schedule: Schedule, answer: Answer, delay_ns: Callable[[], int | None]
    ) -> None:
        self._scorer = scorer
        self._schedule = schedule
        self._answer = answer
        self._delay_ns = delay_ns

    def ask(self, effect: Estimate) -> None:
        """Answer after the drawn delay."""
        delay = self._delay_ns()
        if delay is None:
            return
        event = answer_of(self._scorer, effect)
        self._schedule.call_at(self._schedule.now() + delay, lambda: self._tell(event))

    def _tell(self, event: Estimated) -> None:
        self._answer(event)
