"""Feature rows for the tests of models."""

from models.features import INDEX, MISSING, SCHEMA_HASH, FeatureRow


def row(**known: float) -> FeatureRow:
    """A row in which nothing is known but these columns."""
    values = list(MISSING)
    for name, number in known.items():
        values[INDEX[name]] = number
    return FeatureRow(schema=SCHEMA_HASH, values=tuple(values))
