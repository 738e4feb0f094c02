"""Implied volatility beside 50 digits: within 8 units of 2**-53 of what the price knows; refusals with a reason."""

import math
import random
import subprocess
import sys
from itertools import pairwise

import mpmath
import numpy as np
import pytest

from pricing.fact import Fault
from pricing.implied import implied_many, implied_vol, implied_vol_inverse
from pricing.numeric import implied

UNIT = 2.0**-53
SMALLEST = 1e-280


def oracle(
    forward: float, strike: float, term: float, vol: float, call: bool, discount: float
) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Value and vega of an option to 50 digits."""
    with mpmath.workdps(120):
        f, k, t, v = map(mpmath.mpf, (forward, strike, term, vol))
        stdev = v * mpmath.sqrt(t)
        d1 = mpmath.log(f / k) / stdev + stdev / 2
        sign = 1 if call else -1
        first = mpmath.erfc(-sign * d1 / mpmath.sqrt(2)) / 2
        second = mpmath.erfc(-sign * (d1 - stdev) / mpmath.sqrt(2)) / 2
        return discount * sign * (f * first - k * second), discount * f * mpmath.npdf(d1) * mpmath.sqrt(t)


Case = tuple[float, float, float, float, bool, float, bool]


def cases(count: int, seed: int) -> list[Case]:
    """Forward, strike, term, vol, call, discount, in coin: minutes to decades, 0.3 to 1,600 vol points."""
    dice = random.Random(seed)
    found = []
    for _ in range(count):
        forward, term = 10.0 ** dice.uniform(-4.0, 6.0), 10.0 ** dice.uniform(-6.0, 1.3)
        vol = 10.0 ** dice.uniform(-2.5, 1.2)
        kind = dice.random()
        if kind < 0.1:
            strike = forward
        elif kind < 0.8:
            strike = forward * math.exp(dice.gauss(0.0, 3.0) * vol * math.sqrt(term))
        else:
            strike = forward * math.exp(dice.uniform(-6.0, 6.0))
        discount = 1.0 if dice.random() < 0.5 else dice.uniform(0.7, 1.02)
        found.append((forward, strike, term, vol, dice.random() < 0.5, discount, dice.random() < 0.3))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_against_fifty_digits(seed: int) -> None:
    solved = refused = 0
    for forward, strike, term, vol, call, discount, in_coin in cases(1000, seed):
        value, vega = oracle(forward, strike, term, vol, call, discount)
        unit = mpmath.mpf(forward) if in_coin else mpmath.mpf(1)
        price = float(value / unit)
        if price < SMALLEST:
            continue
        found = (implied_vol_inverse if in_coin else implied_vol)(
            price, forward, strike, term, call, discount
        )
        case = (price, forward, strike, term, vol, call, discount, in_coin)
        with mpmath.workdps(120):
            gain = mpmath.mpf(forward) - mpmath.mpf(strike)
            least = max(gain if call else -gain, mpmath.mpf(0)) * discount / unit
            most = mpmath.mpf(forward if call else strike) * discount / unit
            clear = float(min(value / unit - least, most - value / unit) / (price * UNIT))
            if isinstance(found, Fault):
                refused += 1
                assert clear < 4.0, (found, case)
                continue
            solved += 1
            assert clear > 0.5, case
            allowed = 8.0 * UNIT * max(1.0, float(value / (vol * vega)))
            assert float(abs(found / mpmath.mpf(vol) - 1)) <= allowed, case
    assert solved > 700 and refused > 30


def test_share_to_deviation_from_1e_9_to_1e_280() -> None:
    """The equation alone, without forwards and strikes."""
    for power in range(-270, 0, 9):
        share = 10.0**power
        for x in (0.0, -1e-9, -1e-3, -0.1, -1.0, -10.0, -100.0):
            s = implied.implied(x, share, 1.0 - share)
            with mpmath.workdps(330):
                high, low = mpmath.mpf(s), mpmath.mpf(x)
                z, q = low / high + high / 2, low / high - high / 2
                value = mpmath.erfc(-z / mpmath.sqrt(2)) / 2
                value -= mpmath.exp(-low) * mpmath.erfc(-q / mpmath.sqrt(2)) / 2
                wrong = (value - mpmath.mpf(share)) / (mpmath.npdf(z) * high)
                ratio = float(mpmath.mpf(share) / (mpmath.npdf(z) * high))
            assert abs(float(wrong)) <= 8.0 * UNIT * max(1.0, ratio), (share, x)


def test_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mostly one value of the option is enough, and two are for nearly all."""
    steps: list[int] = []
    weigh = implied.weigh
    monkeypatch.setattr(implied, "weigh", lambda x, s: steps.append(1) or weigh(x, s))
    counts = []
    for x, s in ((-0.02 * i, 0.03 * k) for i in range(40) for k in range(1, 30)):
        share, rest, _ = weigh(x, s)
        if share < 1e-280:
            continue
        steps.clear()
        implied.implied(x, share, rest)
        counts.append(len(steps))
    assert max(counts) <= 3
    assert sum(counts) < 1.2 * len(counts)


@pytest.mark.parametrize(
    ("price", "forward", "strike", "term", "call", "discount", "field", "words"),
    [
        (math.nan, 100.0, 100.0, 1.0, True, 1.0, "price", "finite"),
        (math.inf, 100.0, 100.0, 1.0, True, 1.0, "price", "finite"),
        (-1e-9, 100.0, 100.0, 1.0, True, 1.0, "price", "negative"),
        (5.0, 0.0, 100.0, 1.0, True, 1.0, "forward", "above zero"),
        (5.0, math.nan, 100.0, 1.0, True, 1.0, "forward", "above zero"),
        (5.0, 100.0, -1.0, 1.0, True, 1.0, "strike", "above zero"),
        (5.0, 100.0, math.inf, 1.0, True, 1.0, "strike", "finite"),
        (5.0, 100.0, 100.0, 0.0, True, 1.0, "term", "expired"),
        (5.0, 100.0, 100.0, -1.0, False, 1.0, "term", "expired"),
        (5.0, 100.0, 100.0, math.nan, False, 1.0, "term", "expired"),
        (5.0, 100.0, 100.0, 1.0, True, 0.0, "discount", "above zero"),
        (0.0, 100.0, 110.0, 1.0, True, 1.0, "price", "intrinsic"),
        (1e-310, 100.0, 110.0, 1.0, True, 1.0, "price", "intrinsic"),
        (20.0, 100.0, 80.0, 1.0, True, 1.0, "price", "intrinsic"),
        (math.nextafter(20.0, 30.0), 100.0, 80.0, 1.0, True, 1.0, "price", "intrinsic"),
        (19.0, 100.0, 80.0, 1.0, True, 1.0, "price", "intrinsic"),
        (18.0, 80.0, 100.0, 1.0, False, 0.9, "price", "intrinsic"),
        (100.0, 100.0, 80.0, 1.0, True, 1.0, "price", "the most"),
        (math.nextafter(100.0, 0.0), 100.0, 80.0, 1.0, True, 1.0, "price", "the most"),
        (80.0, 100.0, 80.0, 1.0, False, 1.0, "price", "the most"),
        (95.0, 100.0, 80.0, 1.0, True, 0.95, "price", "the most"),
        (1e9, 100.0, 80.0, 1.0, True, 1.0, "price", "the most"),
    ],
)
def test_refusals(
    price: float,
    forward: float,
    strike: float,
    term: float,
    call: bool,
    discount: float,
    field: str,
    words: str,
) -> None:
    found = implied_vol(price, forward, strike, term, call, discount)
    assert isinstance(found, Fault)
    assert found.field == field
    assert words in found.problem
    many = implied_many(
        [price, 5.0], [forward, 100.0], [strike, 100.0], [term, 1.0], [call, True], [discount, 1.0]
    )
    assert many.fault(0) == found
    assert math.isnan(many.vols[0])
    assert many.fault(1) is None
    assert many.vols[1] == implied_vol(5.0, 100.0, 100.0, 1.0, True)


def test_a_strike_out_of_all_proportion_to_its_forward_is_refused() -> None:
    for many in (1e300, 1e-300):
        found = implied_vol_inverse(0.1, many, 1.0 / many, 1.0, many < 1.0)
        assert isinstance(found, Fault) and found.field == "strike"


def test_some_steps_inside_the_bounds_there_is_a_volatility() -> None:
    low, high = 20.0, 100.0
    for _ in range(3):
        low, high = math.nextafter(low, 30.0), math.nextafter(high, 0.0)
    small, large = implied_vol(low, 100.0, 80.0, 1.0, True), implied_vol(high, 100.0, 80.0, 1.0, True)
    assert isinstance(small, float) and 0.02 < small < 0.04
    assert isinstance(large, float) and 14.0 < large < 18.0


def test_in_coin_the_bounds_are_in_coin() -> None:
    found = implied_vol_inverse(1.0, 100.0, 80.0, 1.0, True)
    assert isinstance(found, Fault) and "the most" in found.problem
    found = implied_vol_inverse(0.2, 100.0, 80.0, 1.0, True)
    assert isinstance(found, Fault) and "intrinsic" in found.problem
    assert implied_vol_inverse(0.25, 100.0, 80.0, 1.0, True) == pytest.approx(
        implied_vol(25.0, 100.0, 80.0, 1.0, True), rel=1e-14
    )


def test_one_and_many_have_equal_bits() -> None:
    rows = cases(300, 11)
    priced = [(float(oracle(*row[:6])[0]), *row[:3], *row[4:6]) for row in rows]
    columns = list(zip(*priced, strict=True))
    many = implied_many(*columns)
    for index, row in enumerate(priced):
        one = implied_vol(*row)
        assert many.fault(index) == one if isinstance(one, Fault) else many.vols[index] == one
    coins = implied_many(np.array(columns[0]) / columns[1], *columns[1:], in_coin=True)
    assert coins.vols.shape == many.vols.shape
    with pytest.raises(ValueError, match="prices: 2 dimensions"):
        implied_many(np.ones((2, 2)), 100.0, 100.0, 1.0, True)


def test_prices_side_by_side_give_vols_in_order() -> None:
    """Near the money a step of one last bit in price never turns the order of volatilities by more than rounding."""
    price, vols = 5.0, []
    for _ in range(200):
        vols.append(implied_vol(price, 100.0, 101.0, 0.25, True))
        price = math.nextafter(price, 10.0)
    assert all(isinstance(vol, float) for vol in vols)
    assert all(later >= vol * (1.0 - 4.0 * UNIT) for vol, later in pairwise(vols))


COMPILED = """
import random
from pricing.numeric import engine, implied
for name in [name for name in engine.KERNELS if not name.startswith("implied")]:
    del engine.KERNELS[name]
dice = random.Random(3)
numbers = []
for _ in range(3000):
    forward, strike = 10.0 ** dice.uniform(-3, 5), 0.0
    strike = forward * 2.718281828 ** (dice.gauss(0.0, 1.0) * 10.0 ** dice.uniform(-4.0, 0.7))
    call = float(dice.random() < 0.5)
    price = dice.random() ** dice.choice((1, 5, 40)) * min(forward, strike)
    price += max((forward - strike) * (1.0 if call else -1.0), 0.0)
    coin = float(dice.random() < 0.3)
    term, discount = 10.0 ** dice.uniform(-5.0, 1.0), dice.choice((1.0, 0.97))
    numbers += [(price / forward if coin else price) * discount, forward, strike, term, call, discount, coin]
plain = [0.0] * 6000
implied.rows(numbers, plain)
assert "compiled by" in engine.warm()
assert repr(engine.IMPLIED.run(numbers, 6000)) == repr(plain)
ones = [engine.IMPLIED_ONE.call(*numbers[7 * i : 7 * i + 7]) for i in range(3000)]
assert repr([number for pair in ones for number in pair]) == repr(plain)
assert engine.IMPLIED_ONE.call is not implied.solve
print(sum(plain[1::2]) == 0.0, len(set(plain[1::2])))
"""


@pytest.mark.slow
def test_compiled_and_plain_have_equal_bits() -> None:
    pytest.importorskip("numba", reason="numba is an extra: `fast`")
    done = subprocess.run(
        [sys.executable, "-c", COMPILED], check=False, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "False"
