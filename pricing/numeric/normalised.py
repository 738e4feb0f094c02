"""Black's formula for an out-of-the-money option, free of units and of cancellation.

With x = -|ln(F / K)| and s the standard deviation of ln F until expiry, the value of an out-of-the-money option is a
share of its upper bound, min(F, K), and that share depends on x and s alone: with z = x/s + s/2, q = x/s - s/2 and
Y(z) = cdf(z) / pdf(z) (Mills' ratio, mirrored) it is

    pdf(z) * (Y(z) - Y(q))          and, from the upper bound down,          1 - pdf(z) * (Y(-z) + Y(q)).

The second has no cancellation. The first loses all its digits when s is small, so the difference is never formed: with
w = 1/(c - z), Y is near a polynomial of w on each of three overlapping pieces, and a polynomial's divided difference
is a sum without cancellation; w(z) - w(q) is s * w(z) * w(q), exactly. z is carried with its rounding error, since
pdf(z) multiplies it by z. The relative error stays within a few units of 2**-53 wherever the result is a normal number.
"""

from typing import Final

from pricing.numeric.elementary import INF, exp, exp_pair, product_error

DENSITY: Final = 0.3989422804014327
"""1 / sqrt(2 pi)."""
_FARTHEST: Final = 39.0
"""Beyond so many deviations pdf is no normal number."""
_POLE: Final = 3.5
"""The c of w = 1/(c - z)."""
_Z_TOP: Final = 0.75
"""Below, the difference; above, the complement."""
_NEAR_FROM: Final = 0.2222222222222222
"""w of z = -1."""
_MID_FROM: Final = 0.09523809523809523
"""w of z = -7."""
_NEAR_CENTRE: Final = 0.267578125
_NEAR_LOWEST: Final = 0.1724137931034483
_NEAR: Final = (
    -1065230.9566942037,
    4786814.2332215225,
    -2187713.137507108,
    70696.5407174599,
    351735.80966534436,
    -182324.74797211753,
    22309.94017428317,
    24458.41826933868,
    -15486.3357019197,
    1740.5515519138394,
    2553.131761996629,
    -1357.9560838158216,
    -119.3737317217796,
    367.28457209303167,
    -55.24693049158659,
    -96.9049715371231,
    18.8073248883037,
    40.67044813692064,
    18.166896102205893,
    4.187559639511386,
    0.417833827596842,
)
"""Y / sqrt(2 pi) for z from -2.3 to 0.75, highest power of (w - centre) first."""
_MID_CENTRE: Final = 0.1533203125
_MID_LOWEST: Final = 0.08403361344537814
_MID: Final = (
    -333035057.1219357,
    152472050.3007525,
    3524693.666067264,
    -17108350.865699828,
    3370973.2750277217,
    1028385.4013166778,
    -556211.6928453709,
    -9618.416345154821,
    64584.499560305514,
    -8098.755705285835,
    -7150.053904193234,
    1678.2550691433592,
    950.3853487934429,
    -250.8456161919295,
    -183.55187640091256,
    15.358510895071003,
    46.87044600646955,
    23.083065147197583,
    6.860894141918486,
    1.446183733970366,
    0.12075158469443449,
)
"""The same from -8.4 to -1."""
_FAR_CENTRE: Final = 0.0478515625
_FAR: Final = (
    -25692441.34239847,
    6986464.887165183,
    2539922.80057724,
    -323151.135634538,
    -222815.87672810888,
    -5179.889924440445,
    17886.9812756909,
    3940.2279028779435,
    -900.1923414430986,
    -695.0194588874114,
    -119.08825851778685,
    53.42671105471146,
    49.29089336366483,
    22.637240345161416,
    7.822628252113828,
    2.257658024675332,
    0.5699878032227957,
    0.022855389765669594,
)
"""The same below -7."""


def _sum_of(table: tuple[float, ...], v: float) -> float:
    """The polynomial at v."""
    found = 0.0
    for i in range(len(table)):
        found = found * v + table[i]
    return found


def _slope_of(table: tuple[float, ...], p: float, q: float) -> float:
    """The polynomial's divided difference between p and q: its slope where they are one."""
    found = 0.0
    slope = 0.0
    for i in range(len(table) - 1):
        found = found * p + table[i]
        slope = slope * q + found
    return slope


def _mills(w: float) -> float:
    """Y / sqrt(2 pi) at z = c - 1/w, for z up to 0.75."""
    if w > _NEAR_FROM:
        return _sum_of(_NEAR, w - _NEAR_CENTRE)
    if w > _MID_FROM:
        return _sum_of(_MID, w - _MID_CENTRE)
    return _sum_of(_FAR, w - _FAR_CENTRE)


def _mills_rise(up: float, down: float, s: float) -> float:
    """(Y(z) - Y(z - s)) / sqrt(2 pi), where up = c - z and down = up + s."""
    p = 1.0 / up
    q = 1.0 / down
    if p > _NEAR_FROM:
        if q >= _NEAR_LOWEST:
            return _slope_of(_NEAR, p - _NEAR_CENTRE, q - _NEAR_CENTRE) * s / (up * down)
    elif p > _MID_FROM:
        if q >= _MID_LOWEST:
            return _slope_of(_MID, p - _MID_CENTRE, q - _MID_CENTRE) * s / (up * down)
    else:
        return _slope_of(_FAR, p - _FAR_CENTRE, q - _FAR_CENTRE) * s / (up * down)
    return _mills(p) - _mills(q)


def weigh(x: float, s: float) -> tuple[float, float, float]:
    """The share, what it lacks to 1, and its slope in s, exp(-z**2 / 2) / sqrt(2 pi); for x <= 0 and s >= 0.

    Of the first two the smaller one has full relative accuracy, or both have.
    """
    if not s > 0.0:
        return (0.0, 1.0, DENSITY if x == 0.0 else 0.0)
    a = -x / s
    t = 0.5 * s
    z = t - a
    if not -_FARTHEST < z < _FARTHEST:
        return (0.0, 1.0, 0.0) if z < 0.0 else (1.0, 0.0, 0.0)
    # What rounding took from z: from the quotient, then from the difference.
    product = a * s
    lost = (product + x) + product_error(a, s, product)
    back = z - t
    low = ((t - (z - back)) - (a + back)) + lost / s
    square = z * z
    bell = exp_pair(-0.5 * square, -0.5 * product_error(z, z, square) - z * low)
    if z > _Z_TOP:
        rest = bell * (_mills(1.0 / (_POLE + z)) + _mills(1.0 / ((_POLE + a) + t)))
        return (1.0 - rest, rest, bell * DENSITY)
    found = bell * _mills_rise((_POLE - z) - low, (_POLE + a) + t, s)
    return (found, 1.0 - found, bell * DENSITY)


def share(x: float, s: float) -> float:
    """The undiscounted value of an out-of-the-money option over min(F, K), from 0 to 1."""
    return weigh(x, s)[0]


def otm(x: float, s: float) -> float:
    """The undiscounted value of an out-of-the-money option over sqrt(F K), from 0 to exp(x / 2)."""
    return share(x, s) * exp(0.5 * x)


JITTED: Final = (_sum_of, _slope_of, _mills, _mills_rise, weigh, share, otm)
"""For the compiler, callees first."""
