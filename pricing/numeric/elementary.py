"""Exponential, logarithm, power, sine and their kin, with the same bits on every machine.

A C library picks among variants of these by processor, and their last bits differ. These are made of correctly
rounded operations only; reductions and polynomials are textbook, the coefficients our own near-minimax fits. Errors
are below 1 ulp for exp, log, sin, cos, below 2 for the rest, see `power`. They are total: infinities, zeros and NaN
go in and come out, nothing is raised.
"""

from math import frexp, ldexp, sqrt
from typing import Final

INF: Final = float("inf")
NAN: Final = float("nan")
_MAGIC: Final = 6755399441055744.0
"""1.5 * 2**52: adding and taking it off rounds to the nearest whole number."""
_PER_LN2: Final = 1.4426950408889634
_LN2_HIGH: Final = 0.6931471803691238
"""33 bits, so that up to 2**20 of them are exact."""
_LN2_LOW: Final = 1.9082149292705877e-10
_SQRT_HALF: Final = 0.7071067811865476
_SPLIT: Final = 134217729.0
_PER_QUARTER: Final = 0.6366197723675814
_QUARTER_1: Final = 1.5707963267341256
_QUARTER_2: Final = 6.077100506303966e-11
_QUARTER_3: Final = 2.0222662487959506e-21
_ANGLE_MAX: Final = 1048576.0


def two_to(power: int) -> float:
    """2 to a whole power from -1022 to 1023, exactly."""
    return ldexp(1.0, power)


def fraction(x: float) -> float:
    """The m of x = m * 2**e with 0.5 <= m < 1; for a normal number above zero."""
    return frexp(x)[0]


def exponent(x: float) -> int:
    """The e of x = m * 2**e with 0.5 <= m < 1; for a normal number above zero."""
    return frexp(x)[1]


def _exp_rest(r: float) -> float:
    """(exp(r) - 1 - r) / r**2 for |r| <= ln(2) / 2."""
    z = r * r
    even = (2.755727364311030e-07 + 2.0914686968086876e-09 * z) * z + 2.4801587325547743e-05
    even = ((even * z + 0.0013888888888883748) * z + 0.04166666666666667) * z + 0.5
    odd = (2.755725540020642e-06 + 2.510521700472075e-08 * z) * z + 0.00019841269874820627
    odd = (odd * z + 0.008333333333326136) * z + 0.1666666666666667
    return even + r * odd


def exp_pair(x: float, low: float) -> float:
    """exp(x + low), where `low` is a small correction to x."""
    if not -745.2 < x < 709.8:
        return x if x != x else INF if x > 0.0 else 0.0
    k = (x * _PER_LN2 + _MAGIC) - _MAGIC
    r = (x - k * _LN2_HIGH) - (k * _LN2_LOW - low)
    y = 1.0 + (r + r * r * _exp_rest(r))
    if -1021.0 < k < 1023.0:
        return y * two_to(int(k))
    if k > 0.0:
        return y * two_to(int(k) - 8) * 256.0
    return y * two_to(int(k) + 64) * 5.421010862427522e-20


def exp(x: float) -> float:
    """e to the x."""
    return exp_pair(x, 0.0)


def expm1(x: float) -> float:
    """exp(x) - 1, exact to the last bits for small x."""
    if not -37.5 < x < 709.8:
        return x if x != x else INF if x > 0.0 else -1.0
    k = (x * _PER_LN2 + _MAGIC) - _MAGIC
    high = x - k * _LN2_HIGH
    low = k * _LN2_LOW
    r = high - low
    low = (high - r) - low
    y = r * r * _exp_rest(r) + low
    if k == 0.0:
        return x + y if x != 0.0 else x
    if k > 56.0:
        y = 1.0 + (r + y)
        return y * two_to(int(k) - 8) * 256.0
    scale = two_to(int(k))
    top = scale - 1.0
    lost = scale - top - 1.0 if k > 0.0 else scale - (top + 1.0)
    high = scale * r
    whole = top + high
    lost += high - (whole - top) if abs(top) >= abs(high) else top - (whole - high)
    return whole + (lost + scale * y)


def _log_rest(f: float) -> float:
    """log(1 + f) - f for 1 + f between sqrt(1/2) and sqrt(2)."""
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = ((0.1326875966856061 * w + 0.18181795630884753) * w + 0.2857142857080323) * w + 0.6666666666666666
    odd = ((0.13086767009948174 * w + 0.15386240205813478) * w + 0.2222222239180047) * w + 0.4000000000000088
    half = 0.5 * f * f
    return s * (half + z * (even + z * odd)) - half


def log(x: float) -> float:
    """The natural logarithm; of zero minus infinity, of a negative number NaN."""
    if not 0.0 < x < INF:
        return x if x == INF else -INF if x == 0.0 else NAN
    k = 0.0
    if x < 2.2250738585072014e-308:
        x *= 18014398509481984.0
        k = -54.0
    m = fraction(x)
    k += exponent(x)
    if m < _SQRT_HALF:
        m *= 2.0
        k -= 1.0
    f = m - 1.0
    return k * _LN2_HIGH + (f + (_log_rest(f) + k * _LN2_LOW))


def log1p(x: float) -> float:
    """log(1 + x), exact to the last bits for small x."""
    if -0.29 < x < 0.41:
        return x + _log_rest(x) if x != 0.0 else x
    if not -1.0 < x < 1e17:
        return log(1.0 + x)
    whole = 1.0 + x
    lost = x - (whole - 1.0) if x < 1.0 else 1.0 - (whole - x)
    m = fraction(whole)
    k = float(exponent(whole))
    if m < _SQRT_HALF:
        m *= 2.0
        k -= 1.0
    f = m - 1.0
    return k * _LN2_HIGH + (f + (_log_rest(f) + (k * _LN2_LOW + lost / whole)))


def product_error(x: float, y: float, product: float) -> float:
    """What rounding took from x * y = product, exactly, unless it over- or underflows (Dekker)."""
    c = _SPLIT * x
    x_high = c - (c - x)
    x_low = x - x_high
    c = _SPLIT * y
    y_high = c - (c - y)
    y_low = y - y_high
    return ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low


def power(x: float, y: float) -> float:
    """x to the y for x >= 0; NaN for negative x. Below 1 ulp where |y log x| < 50, below 2 at the ends."""
    if y == 0.0 or x == 1.0:
        return 1.0
    if not 0.0 < x < INF or not -INF < y < INF:
        return _power_at_the_ends(x, y)
    k = 0.0
    if x < 2.2250738585072014e-308:
        x *= 18014398509481984.0
        k = -54.0
    m = fraction(x)
    k += exponent(x)
    if m < _SQRT_HALF:
        m *= 2.0
        k -= 1.0
    f = m - 1.0
    # log(1 + f) = 2 s + s (2/3 z + z**2 rest), z = s**2: the first two terms in double-double.
    below = 2.0 + f
    s = f / below
    product = s * below
    s_low = ((f - product) - product_error(s, below, product) - s * (f - (below - 2.0))) / below
    z = s * s
    z_low = product_error(s, s, z) + 2.0 * s * s_low
    third = s * 0.6666666666666666
    third_low = product_error(s, 0.6666666666666666, third) + s * 3.700743415417188e-17
    third_low += s_low * 0.6666666666666666
    cube = third * z
    cube_low = product_error(third, z, cube) + third * z_low + third_low * z
    rest = (
        (0.12913617672223007 * z + 0.13285957435189455) * z + 0.15385574796462176
    ) * z + 0.1818180824754454
    rest = ((rest * z + 0.2222222227110234) * z + 0.2857142857133851) * z + 0.40000000000000024
    low = 2.0 * s_low + cube_low + s * z * z * rest + k * _LN2_LOW
    high = 2.0 * s + cube
    low += cube - (high - 2.0 * s)
    whole = k * _LN2_HIGH
    total = whole + high
    low += high - (total - whole) if k != 0.0 else 0.0
    high = total + low
    low -= high - total
    found = y * high
    if not -800.0 < found < 800.0:
        return INF if found > 0.0 else 0.0
    return exp_pair(found, product_error(y, high, found) + y * low)


def _power_at_the_ends(x: float, y: float) -> float:
    """Powers of, or to, zero and infinity."""
    if x != x or y != y or x < 0.0:
        return NAN
    if x == 0.0 or (x < 1.0 and abs(y) == INF):
        return INF if y < 0.0 else 0.0
    return INF if y > 0.0 else 0.0


def _quarter_turn(x: float) -> tuple[float, float, float]:
    """x less so many quarter turns, in two parts, and how many (of those up to four)."""
    if not abs(x) <= _ANGLE_MAX:
        return NAN, 0.0, 0.0
    k = (x * _PER_QUARTER + _MAGIC) - _MAGIC
    first = x - k * _QUARTER_1
    step = k * _QUARTER_2
    second = first - step
    lost = (first - second) - step
    step = k * _QUARTER_3
    r = second - step
    quarters = k * 0.25
    whole = (quarters + _MAGIC) - _MAGIC
    return r, ((second - r) - step) + lost, (quarters - whole) * 4.0


def _sine(r: float, low: float) -> float:
    z = r * r
    rest = (1.5915309183057724e-10 * z - 2.505109230843131e-08) * z + 2.7557315910939e-06
    rest = ((rest * z - 0.00019841269836385435) * z + 0.0083333333333307) * z - 0.16666666666666666
    return r + (r * z * rest + low * (1.0 - 0.5 * z)) if r != 0.0 else r


def _cosine(r: float, low: float) -> float:
    z = r * r
    rest = (2.0876121534608454e-09 - 1.1380868171449771e-11 * z) * z - 2.7557317151858866e-07
    rest = ((rest * z + 2.480158729853226e-05) * z - 0.0013888888888887241) * z + 0.041666666666666664
    half = 0.5 * z
    top = 1.0 - half
    return top + (((1.0 - top) - half) + (z * z * rest - r * low))


def sin(x: float) -> float:
    """The sine of radians up to 2**20; NaN beyond, where a million turns have made an angle vague."""
    r, low, turn = _quarter_turn(x)
    if turn == 0.0:
        return _sine(r, low)
    if turn == 1.0:
        return _cosine(r, low)
    if turn == -1.0:
        return -_cosine(r, low)
    return -_sine(r, low)


def cos(x: float) -> float:
    """The cosine of radians, as `sin`."""
    r, low, turn = _quarter_turn(x)
    if turn == 0.0:
        return _cosine(r, low)
    if turn == 1.0:
        return -_sine(r, low)
    if turn == -1.0:
        return _sine(r, low)
    return -_cosine(r, low)


def tanh(x: float) -> float:
    """The hyperbolic tangent."""
    size = abs(x)
    if size > 20.0:
        return 1.0 if x > 0.0 else -1.0
    if size < 1e-9:
        return x
    if size < 0.55:
        grown = expm1(-2.0 * size)
        found = -grown / (2.0 + grown)
    else:
        found = 1.0 - 2.0 / (expm1(2.0 * size) + 2.0)
    return found if x > 0.0 else -found


def hypot(x: float, y: float) -> float:
    """The square root of x**2 + y**2, within 1 ulp unless squares over- or underflow."""
    return sqrt(x * x + y * y)


PRIMITIVES: Final = (two_to, fraction, exponent)
"""Exact by definition: compiled, they look at the bits instead."""

JITTED: Final = (
    *(_exp_rest, exp_pair, exp, expm1, _log_rest, log, log1p, product_error, _power_at_the_ends, power),
    *(_quarter_turn, _sine, _cosine, sin, cos, tanh, hypot),
)
