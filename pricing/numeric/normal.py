"""The normal distribution: both tails to full relative accuracy, with the same bits on every machine.

A rational function with positive coefficients gives (1 + 2 x) exp(x**2) erfc(x) - 1 from 0 to 8, another in 1 / x**2
the rest; so nothing cancels. The square in exp(-x**2 / 2) is taken with its rounding error.
"""

from math import sqrt
from typing import Final

from pricing.numeric.elementary import INF, NAN, exp_pair, log, product_error

SQRT_HALF: Final = 0.7071067811865476
DENSITY: Final = 0.3989422804014327
"""1 / sqrt(2 pi)."""
_FAR: Final = 8.0
_CDF_ZERO: Final = -38.6


def erfcx(x: float) -> float:
    """exp(x**2) erfc(x): falls slowly for positive x; infinite below -26.7."""
    y = abs(x)
    if y < _FAR:
        top = ((7.872647008944895e-06 * y + 0.00019939648237213498) * y + 0.0023571280417851843) * y
        top = (((top + 0.017200505915864653) * y + 0.08569729358193284) * y + 0.3034368088135094) * y
        top = (((top + 0.7677831106511968) * y + 1.3510821611158854) * y + 1.5240708393692013) * y
        below = ((6.132340034170256e-05 * y + 0.00128368533999313) * y + 0.012988745372270972) * y
        below = (((below + 0.08267640956659698) * y + 0.36369234159949154) * y + 1.1484851841354844) * y
        below = (((below + 2.6245335007173916) * y + 4.2698823934541705) * y + 4.718693140843317) * y
        below = (below + 3.1904115511944755) * y + 1.0
        found = (1.0 + y * (top + 0.8716208329044874) / below) / (1.0 + 2.0 * y)
    elif y < INF:
        z = 1.0 / (y * y)
        top = (
            (16.085552881714086 * z + 17.688446507412415) * z + 4.379469388457227
        ) * z + 0.28209479177387814
        below = ((47.10725282259983 * z + 133.04044300539158) * z + 84.4911324056878) * z
        found = (0.5641895835477563 - z * top / ((below + 17.024814764986935) * z + 1.0)) / y
    else:
        found = 0.0 if y == INF else NAN
    if x >= 0.0 or x != x:
        return found
    if y > 27.0:
        return INF
    square = y * y
    return 2.0 * exp_pair(square, product_error(y, y, square)) - found


def _bell(x: float) -> float:
    """exp(-x**2 / 2) for |x| <= 40."""
    square = x * x
    return exp_pair(-0.5 * square, -0.5 * product_error(x, x, square))


def pdf(x: float) -> float:
    """The density."""
    if not -39.0 < x < 39.0:
        return x if x != x else 0.0
    return DENSITY * _bell(x)


def cdf(x: float) -> float:
    """The probability of a value below x; in the lower tail to full relative accuracy, down to -38.6."""
    if x != x:
        return x
    y = abs(x)
    if y > -_CDF_ZERO:
        return 0.0 if x < 0.0 else 1.0
    tail = 0.5 * _bell(y) * erfcx(y * SQRT_HALF)
    return tail if x < 0.0 else 1.0 - tail


def quantile(p: float) -> float:
    """The x whose `cdf` is p; minus infinity at 0, infinity at 1, NaN outside."""
    if not 0.0 < p < 1.0:
        return -INF if p == 0.0 else INF if p == 1.0 else NAN
    q = p - 0.5
    if abs(q) <= 0.425:
        return q * _central(0.180625 - q * q)
    if q < 0.0:
        return -_tail(sqrt(-2.0 * log(p)))
    return _tail(sqrt(-2.0 * log(1.0 - p)))


def _central(v: float) -> float:
    top = (3907.0964261909407 * v + 74062.20446561638) * v + 214250.6082537205
    top = ((top * v + 213552.65850211098) * v + 95693.56508062547) * v + 21627.61128564238
    top = ((top * v + 2548.2343159166585) * v + 148.75679661206144) * v + 3.3871328727963665
    below = (9398.662456969972 * v + 72343.95610603929) * v + 140378.78855024936
    below = ((below * v + 109245.89065378704) * v + 41170.313432385155) * v + 8176.924166421381
    below = ((below * v + 871.2869135748234) * v + 46.923462428552) * v + 1.0
    return top / below


def _tail(r: float) -> float:
    if r < 8.0:
        top = (0.0016573353378772139 * r + 0.08848265592816773) * r + 1.278595152663225
        top = ((top * r + 7.259286075696732) * r + 18.099804776054025) * r + 9.765702838752443
        top = ((top * r - 26.75882050614747) * r - 25.643545444857654) * r - 3.5519284350146907
        below = (0.0016572836288825297 * r + 0.08849776575237632) * r + 1.288224796474606
        below = ((below * r + 7.626996463268688) * r + 22.110784644788804) * r + 27.96730943099678
        return top / ((below * r + 11.916654354109346) * r + 1.0)
    top = (1.628930824768246e-07 * r + 5.1483034287719455e-05) * r + 0.0043098786015275834
    top = ((top * r + 0.12756225459558523) * r + 1.4095155512416304) * r + 5.12359346884607
    top = ((top * r + 1.8211448369191634) * r - 9.040978699435101) * r - 3.253024913065617
    below = (1.6289293281976512e-07 * r + 5.1483287601867745e-05) * r + 0.004311114342634449
    below = ((below * r + 0.12786751423776813) * r + 1.4302338420830885) * r + 5.6129171632739405
    return top / ((below * r + 5.905531906398221) * r + 1.0)


JITTED: Final = (erfcx, _bell, pdf, cdf, _central, _tail, quantile)
