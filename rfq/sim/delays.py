"""What takes time on virtual time, and what goes wrong with it: the disk, and the oracle."""

from collections.abc import Sequence
from typing import Final

from models.features import Row
from models.infer import Scorer
from models.prediction import Prediction
from rfq.sim.dice import Dice

_MS: Final = 1_000_000


class SimDelays:
    """How long the disk and the oracle take on virtual time."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice

    def commit_ns(self) -> int:
        """Mostly a millisecond or two; one in a hundred waits for the disk."""
        slow = 20.0 if self._dice.chance(0.01) else 1.0
        return int(self._dice.lognormal(1.5, 0.4) * slow * _MS)

    def oracle_ns(self) -> int | None:
        """Mostly some milliseconds; now and then too late, or never."""
        roll = self._dice.uniform()
        if roll < 0.005:
            return None
        slow = 15.0 if roll < 0.03 else 1.0
        return int(self._dice.lognormal(3.0, 0.4) * slow * _MS)


class MoodyScorer:
    """A model that sometimes fails."""

    def __init__(self, scorer: Scorer, dice: Dice) -> None:
        self._scorer = scorer
        self._dice = dice

    @property
    def hash(self) -> str:
        """The name of the model behind it."""
        return self._scorer.hash

    def predict(self, rows: Sequence[Row]) -> tuple[Prediction, ...]:
        """The model's answer, or a ValueError."""
        if self._dice.chance(0.005):
            raise ValueError("the model is moody")
        return self._scorer.predict(rows)
