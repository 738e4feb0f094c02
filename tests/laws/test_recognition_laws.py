"""A structure's name depends on what it is: not on the order of its legs, a common multiple, or who asks."""

from decimal import Decimal

import structure_cases as cases
from hypothesis import given
from hypothesis import strategies as st

from pricing.fact import Fault
from pricing.recognition import CUSTOM, Recognised, recognise
from pricing.structures import Hedge, Leg, Structure, reduced

multiples = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(1, 999), st.integers(-4, 3)
)
ratios = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(-40, 40).filter(bool),
    st.integers(-2, 1),
)


@st.composite
def anything(draw: st.DrawFn) -> Structure:
    """Any legs, and now and then a hedge."""
    names = draw(st.lists(st.sampled_from(sorted(cases.ALL)), min_size=1, max_size=6, unique=True))
    legs = tuple(Leg(instrument=name, ratio=draw(ratios)) for name in names)
    if not draw(st.booleans()):
        return Structure(legs=legs)
    hedge = Hedge(instrument=cases.PERP.name, ratio=draw(ratios), price=Decimal(60_000))
    return Structure(legs=legs, hedges=(hedge,))


def known(asked: Structure) -> Recognised:
    found = recognise(asked, cases.ALL)
    assert isinstance(found, Recognised)
    return found


@given(cases.standard(), st.randoms(use_true_random=False), multiples)
def test_every_standard_kind_is_recognised_in_any_order_and_multiple(
    case: tuple[str, Structure], dice: object, by: Decimal
) -> None:
    kind, asked = case
    legs = list(asked.legs)
    dice.shuffle(legs)  # type: ignore[attr-defined]
    found = known(cases.scaled(Structure(legs=tuple(legs)), by))
    assert found.kind == kind.removesuffix("_of_futures")
    assert found.bought
    assert not found.hedged
    sold = known(cases.turned(asked))
    assert (sold.kind, sold.bought) == (found.kind, False)
    assert sold.name != found.name


@given(anything(), st.randoms(use_true_random=False), multiples)
def test_order_and_multiples_change_nothing_and_signs_turn_it(
    asked: Structure, dice: object, by: Decimal
) -> None:
    first = known(asked)
    legs = list(asked.legs)
    dice.shuffle(legs)  # type: ignore[attr-defined]
    again = known(cases.scaled(Structure(legs=tuple(legs), hedges=asked.hedges), by))
    assert again.multiplier == first.multiplier * by
    assert (again.kind, again.bought, again.name, again.words, again.hedged) == (
        *(first.kind, first.bought, first.name, first.words),
        first.hedged,
    )
    turned = known(cases.turned(asked))
    assert (turned.kind, turned.bought, turned.hedged) == (first.kind, not first.bought, first.hedged)


@given(cases.standard(), st.data())
def test_one_ratio_or_strike_off_is_not_the_same_kind(
    case: tuple[str, Structure], data: st.DataObject
) -> None:
    kind, asked = case
    if len(asked.legs) < 3:
        return
    index = data.draw(st.integers(0, len(asked.legs) - 1))
    leg = asked.legs[index]
    legs = [
        *asked.legs[:index],
        Leg(instrument=leg.instrument, ratio=leg.ratio * 3),
        *asked.legs[index + 1 :],
    ]
    assert known(Structure(legs=tuple(legs))).kind == CUSTOM
    legs = [*asked.legs[:index], Leg(instrument=leg.instrument, ratio=-leg.ratio), *asked.legs[index + 1 :]]
    assert known(Structure(legs=tuple(legs))).kind not in (kind, kind.removesuffix("_of_futures"))
    assert known(Structure(legs=asked.legs[:index] + asked.legs[index + 1 :])).kind != kind


@given(anything(), multiples)
def test_reducing_takes_out_the_common_multiple_exactly(asked: Structure, by: Decimal) -> None:
    small, multiplier = reduced(asked)
    assert multiplier > 0
    assert [one.ratio * multiplier for one in small.legs] == [one.ratio for one in asked.legs]
    assert [one.ratio * multiplier for one in small.hedges] == [one.ratio for one in asked.hedges]
    assert all(one.ratio == one.ratio.to_integral_value() for one in small.legs)
    assert reduced(small) == (small, 1)
    assert reduced(cases.scaled(asked, by)) == (small, multiplier * by)


@given(anything())
def test_an_instrument_that_nobody_knows_is_a_fault(asked: Structure) -> None:
    legs = (*asked.legs, Leg(instrument="XYZ", ratio=Decimal(1)))
    found = recognise(Structure(legs=legs, hedges=asked.hedges), cases.ALL)
    assert found == Fault(field=f"legs[{len(legs) - 1}].instrument", problem="unknown instrument XYZ")
