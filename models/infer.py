"""The one door out of this package: rows in, predictions out, and the hash of what predicted.

Without a path the closed-form baseline stands behind the door. Learned models come with a later floor.
"""

from collections.abc import Sequence
from typing import Protocol

from models import baselines
from models.features import SCHEMA_HASH, Row
from models.prediction import Prediction


class ModelUnavailable(ValueError):
    """A model was asked for that this build cannot open."""


class SchemaMismatch(ValueError):
    """A row was built for other columns than the model's."""


class Scorer(Protocol):
    """Something that predicts, and can be named in a record."""

    @property
    def hash(self) -> str:
        """The name of weights and code together (hex sha256)."""
        ...

    def predict(self, rows: Sequence[Row]) -> tuple[Prediction, ...]:
        """One prediction for each row, in order."""
        ...


class BaselineScorer:
    """The closed forms behind the door."""

    __slots__ = ()

    @property
    def hash(self) -> str:
        """The hash of the closed forms' numbers."""
        return baselines.BASELINE_HASH

    def predict(self, rows: Sequence[Row]) -> tuple[Prediction, ...]:
        """One prediction for each row, in order; refuses rows of another schema."""
        for row in rows:
            if row.schema != SCHEMA_HASH:
                raise SchemaMismatch(f"schema: row has {row.schema}, the baseline reads {SCHEMA_HASH}")
        return tuple([baselines.predict(row) for row in rows])


def open_model(path: str | None = None) -> Scorer:
    """The scorer to use: the baseline without a path; a path is refused, as this build has no learned
    models.
    """
    if path is not None:
        raise ModelUnavailable(
            f"model path {path!r}: this build has no learned models, leave it unset for the baseline"
        )
    return BaselineScorer()
