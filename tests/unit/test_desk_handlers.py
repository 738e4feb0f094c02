"""The desk's table of handlers holds every kind of event, and nothing else."""

from typing import get_args

from rfq.desk.engine import HANDLERS, OF_THE_WHOLE
from rfq.domain.events import Event


def test_every_kind_of_event_has_a_handler() -> None:
    assert set(HANDLERS) == set(get_args(Event))


def test_what_concerns_the_desk_as_a_whole_is_an_event() -> None:
    assert set(get_args(Event)) >= OF_THE_WHOLE
