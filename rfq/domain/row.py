"""The feature row as it is logged. `models` keeps its own, so that it needs nothing of this house on a bare machine;
what a model reads of a row is the same of both (`models.features.Row`)."""

import math

from models.features import INDEX, SCHEMA_HASH, WIDTH
from rfq.domain.fact import Fact


class FeatureRow(Fact, frozen=True, kw_only=True, tag="FeatureRow.1"):
    """One request as a model sees it: the schema's short hash and its values in the schema's order, all finite."""

    schema: str
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.values) != WIDTH and self.schema == SCHEMA_HASH:
            raise ValueError(f"values: {len(self.values)} for {WIDTH} columns")
        if not math.isfinite(sum(self.values)):
            raise ValueError("values: not finite")

    def get(self, name: str) -> float:
        """The value of a column of the current schema, by name."""
        return self.values[INDEX[name]]
