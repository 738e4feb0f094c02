"""Black's formula for an out-of-the-money option, free of units and of cancellation.

With x = -|ln(F / K)| and s the standard deviation of ln F until expiry, the value of an out-of-the-money option is a
share of its upper bound, min(F, K), and that share depends on x and s alone: with z = x/s + s/2, q = x/s - s/2 and
Y(z) = cdf(z) / pdf(z) (Mills' ratio, mirrored) it is

    pdf(z) * (Y(z) - Y(q))          and, from the upper bound down,          1 - pdf(z) * (Y(-z) + Y(q)).

The second has no cancellation. The first loses all its digits when s is small, so there the difference is not formed:
with w = 1/(c - z), Y is near a polynomial of w on each of four overlapping pieces, and a polynomial's divided
difference is a sum without cancellation; w(z) - w(q) is s * w(z) * w(q), exactly. Where rounding would be magnified
(z and its square, w and its product) what it took is carried along. The relative error was below 5 units of 2**-53
wherever the result is a normal number (ADR 13).
"""

from typing import Final

from pricing.numeric.elementary import exp, exp_pair, product_error

DENSITY: Final = 0.3989422804014327
"""1 / sqrt(2 pi)."""
_FARTHEST: Final = 39.0
"""Beyond so many deviations pdf is no normal number."""
POLE: Final = 3.75
"""The c of w = 1/(c - z)."""
_Z_TOP: Final = 0.75
"""Below, the difference; above, the complement."""
_NEAREST_UP: Final = 4.25
"""1 / w, where z = -0.5."""
_NEAR_UP: Final = 5.25
"""1 / w, where z = -1.5."""
_MID_UP: Final = 7.75
"""1 / w, where z = -4."""
_NEAREST_CENTRE: Final = 0.25
_NEAREST_LAST: Final = 5.75
_NEAREST: Final = (
    -5185498.45470504,
    3612233.529359168,
    -663969.1054956989,
    -344854.70798249176,
    256515.93148215953,
    -43764.391071174156,
    -28779.392954718416,
    18577.504562412276,
    -816.0080297263397,
    -3446.763528289169,
    1091.0385241203978,
    529.214335563688,
    -335.644682806225,
    -122.463202845856,
    85.17381072578205,
    72.60341663427656,
    24.634420729518247,
    4.726948074631981,
    0.4140321029477354,
)
"""Y / sqrt(2 pi) for z from -2 to 0.75, highest power of (w - centre) first."""
_NEAR_LAST: Final = 7.35
_NEAR: Final = (
    -15991597.977357259,
    -706079.099757724,
    2104605.1388105205,
    -417253.8496531914,
    -161113.42560272614,
    91942.88505403466,
    2832.0222827846073,
    -13675.398556620672,
    1582.5253625993103,
    2025.0925662164857,
    -369.9057851430306,
    -389.0665077582106,
    26.043670916429853,
    100.79865425177663,
    48.37339460981013,
    13.231360348233045,
    2.408047984659877,
    0.19849537480467402,
)
"""The same from -3.6 to -0.5."""
_MID_CENTRE: Final = 0.125
_MID_LAST: Final = 12.15
_MID: Final = (
    -149680374.3495437,
    58127719.97590111,
    2562802.5891998443,
    -5442636.028142416,
    372545.6422671018,
    468464.7261102406,
    -67577.05001667059,
    -44896.197453475404,
    7885.58819104632,
    5398.282484118308,
    -612.0834945155171,
    -822.6165703927937,
    -77.60577622520847,
    120.01825108626802,
    74.83390622309486,
    25.79891940139466,
    6.381620048773677,
    1.2265712811410652,
    0.08935931861967142,
)
"""The same from -8.4 to -1.5."""
_FAR_CENTRE: Final = 0.03125
_FAR: Final = (
    3223613734.126461,
    -1281162997.4531996,
    -113415998.34385735,
    98726205.2208996,
    3167374.5228207703,
    -3284022.241482649,
    -922224.7635308573,
    62946.89691609712,
    84859.17381119388,
    14988.492541359206,
    -3717.2578639981966,
    -2688.941164869992,
    -553.653937916559,
    112.129006986902,
    141.56442452598054,
    70.01667259837994,
    25.563743235461736,
    7.804827856205124,
    2.0973728693677467,
    0.5099735613611561,
    0.014104221569749236,
)
"""The same below -4."""


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
    for i in range(len(table) - 2):
        found = found * p + table[i]
        slope = slope * q + found
    return table[len(table) - 2] + (found * p + slope * q)


def _near(up: float, lost: float) -> float:
    """w - 3/16, the centre of the second piece, where up + lost = 1 / w: in two steps that are nearly exact."""
    w = 1.0 / up
    return (((1.0 - 0.125 * up) - 0.0625 * up) - lost * w) * w


def _off(up: float, lost: float, centre: float) -> float:
    """w less the centre, where up + lost = 1 / w and the centre is a power of two."""
    w = 1.0 / up
    return ((1.0 - centre * up) - lost * w) * w


def mills(up: float, lost: float) -> float:
    """Y / sqrt(2 pi) at z = c - up - lost, for z up to 0.75."""
    if up < _NEAREST_UP:
        return _sum_of(_NEAREST, _off(up, lost, _NEAREST_CENTRE))
    if up < _NEAR_UP:
        return _sum_of(_NEAR, _near(up, lost))
    if up < _MID_UP:
        return _sum_of(_MID, _off(up, lost, _MID_CENTRE))
    return _sum_of(_FAR, _off(up, lost, _FAR_CENTRE))


def _mills_rise(s: float, z: float, low: float) -> tuple[float, float]:
    """(Y(z + low) - Y(z + low - s)) / sqrt(2 pi) for z up to 0.75, and what ratio of it rounding added."""
    up = POLE - z
    back = up + z
    lost = ((POLE - back) - (z - (back - up))) - low
    down = up + s
    back = down - up
    lost_down = (up - (down - back)) + (s - back) + lost
    if up < _NEAREST_UP:
        if down > _NEAREST_LAST:
            return (mills(up, lost) - mills(down, lost_down), 0.0)
        slope = _slope_of(_NEAREST, _off(up, lost, _NEAREST_CENTRE), _off(down, lost_down, _NEAREST_CENTRE))
    elif up < _NEAR_UP:
        if down > _NEAR_LAST:
            return (mills(up, lost) - mills(down, lost_down), 0.0)
        slope = _slope_of(_NEAR, _near(up, lost), _near(down, lost_down))
    elif up < _MID_UP:
        if down > _MID_LAST:
            return (mills(up, lost) - mills(down, lost_down), 0.0)
        slope = _slope_of(_MID, _off(up, lost, _MID_CENTRE), _off(down, lost_down, _MID_CENTRE))
    else:
        slope = _slope_of(_FAR, _off(up, lost, _FAR_CENTRE), _off(down, lost_down, _FAR_CENTRE))
    product = up * down
    added = (product_error(up, down, product) + lost * down + lost_down * up) / product
    return (slope * s / product, added)


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
    low_square = -0.5 * product_error(z, z, square) - z * low
    if z > _Z_TOP:
        bell = exp_pair(-0.5 * square, low_square)
        rest = bell * (mills(POLE + z, low) + mills((POLE + a) + t, 0.0))
        return (1.0 - rest, rest, bell * DENSITY)
    rise, added = _mills_rise(s, z, low)
    bell = exp_pair(-0.5 * square, low_square - added)
    found = bell * rise
    return (found, 1.0 - found, bell * DENSITY)


def share(x: float, s: float) -> float:
    """The undiscounted value of an out-of-the-money option over min(F, K), from 0 to 1."""
    return weigh(x, s)[0]


def otm(x: float, s: float) -> float:
    """The undiscounted value of an out-of-the-money option over sqrt(F K), from 0 to exp(x / 2)."""
    return share(x, s) * exp(0.5 * x)


JITTED: Final = (_sum_of, _slope_of, _near, _off, mills, _mills_rise, weigh, share, otm)
"""For the compiler, callees first."""
