"""Two sessions over a faulty wire: whatever it does, in the end everything has arrived once and in order."""

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fix_gateway.codec.decode import Decoder
from fix_gateway.dictionary.standard import load
from fix_gateway.session.session import Session
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.store import MemoryStore
from fix_gateway.testing.faulty import Fault, FaultyWire

NOW: Final = 1_767_600_000_000_000_000
VERSIONS: Final = (("FIX.4.2", ""), ("FIX.4.4", ""), ("FIXT.1.1", "9"))

faults = st.builds(
    Fault,
    kind=st.sampled_from(["none", "none", "drop", "twice", "late", "cut"]),
    at=st.integers(min_value=0, max_value=2_000),
)


def make(begin: str, appl: str, initiator: bool, **changes: object) -> Session:
    names = ("ONE", "TWO") if initiator else ("TWO", "ONE")
    chosen = SessionSettings(
        name=names[0],
        begin=begin,
        appl=appl,
        sender=names[0],
        target=names[1],
        initiator=initiator,
        heartbeat_s=1,
        resend_again_s=0.5,
        resend_tries_max=20,
        resend_same_max=1_000,
        replay=None,
        **changes,  # type: ignore[arg-type]
    )
    return Session(chosen, MemoryStore(), Decoder(load(begin, appl)))


def wire(version: tuple[str, str], plan: list[Fault], **changes: object) -> FaultyWire:
    one, two = (make(*version, initiator, **changes) for initiator in (True, False))
    return FaultyWire(one, two, plan, NOW)


def settle(made: FaultyWire, steps: int = 4_000) -> None:
    for _ in range(steps // 20):
        if made.is_settled():
            return
        made.run(20)
    one, two = made.ends
    raise AssertionError(
        f"not settled: {one.sent} -> {two.received}; {two.sent} -> {one.received}; "
        f"{one.session.state} {two.session.state} {one.session.expected} {two.session.expected}"
    )


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version[0])
@pytest.mark.parametrize("next_expected", [False, True])
@settings(max_examples=60, deadline=None)
@given(plan=st.lists(faults, max_size=60), bursts=st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_everything_arrives_once_and_in_order(
    version: tuple[str, str], next_expected: bool, plan: list[Fault], bursts: list[int]
) -> None:
    if next_expected and version[0] == "FIX.4.2":
        next_expected = False  # 789 came with FIX 4.4
    made = wire(version, plan, next_expected=next_expected)
    number = 0
    for burst in bursts:
        for _ in range(burst):
            for end in made.ends:
                end.wanted.append(b"M%d" % number)
                number += 1
        made.run(5)
    settle(made)


def test_a_cut_after_every_byte() -> None:
    """The exchange of some messages is cut after each of its bytes in turn."""
    for at in range(0, 420, 3):
        made = wire(VERSIONS[1], [Fault(), Fault(), Fault(), Fault(kind="cut", at=at)])
        for end in made.ends:
            end.wanted += [b"A", b"B", b"C"]
        settle(made)


def test_a_wire_that_drops_without_end_is_noticed() -> None:
    """The test of the test: with every piece dropped nothing settles."""
    made = wire(VERSIONS[1], [Fault(kind="drop")] * 10_000)
    made.initiator.wanted.append(b"A")
    with pytest.raises(AssertionError, match="not settled"):
        settle(made, 400)
