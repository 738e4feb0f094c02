"""A planted spoofer is found by the features made for it, and none is found where none is."""

import pytest
from spoof_world import auc, play

from models.features import FLOW
from pricing.flow import Flow
from rfq.desk.features.builder import flow_values

BLOCKS = 40
FOUND_BY = ("vanish_ratio_60s", "cancel_vs_trade_ratio_60s")


def scores(flows: list[Flow], name: str) -> list[float]:
    """As a model sees them."""
    place = [column.name for column in FLOW].index(name)
    return [flow_values(one)[place] for one in flows]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_planted_spoofer_is_found(seed: int) -> None:
    flows, labels = play(seed, BLOCKS, planted=True)
    for name in FOUND_BY:
        assert auc(scores(flows, name), labels) > 0.8, name
    assert 0.3 < auc(scores(flows, "wall_ratio"), labels) < 0.75, "the walls themselves say little"


def test_none_is_found_where_none_is() -> None:
    flows, labels = play(1, BLOCKS, planted=False)
    for name in FOUND_BY:
        assert 0.3 < auc(scores(flows, name), labels) < 0.7, name
