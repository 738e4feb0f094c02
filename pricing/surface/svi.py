"""SVI in its three spellings (Gatheral and Jacquier 2014): raw, natural and jump-wings, and the ways between them.

Raw is what is fitted and stored: w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + s^2)). Jump-wings says what a trader
sees, at the money and in the wings, and hardly changes as time passes.
"""

import math
from typing import Final, NamedTuple

from pricing.market import Smile
from pricing.numeric import smile as kernel

_FLAT: Final = 1e-12
"""A minimum this near the money, as a ratio, is at the money."""


class Raw(NamedTuple):
    """w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + s^2)), total variance."""

    a: float
    b: float
    rho: float
    m: float
    s: float

    def variance(self, k: float) -> float:
        """Total variance at k = ln(strike / forward)."""
        return kernel.total_variance(k, self.a, self.b, self.rho, self.m, self.s)

    def slope(self, k: float) -> float:
        """dw/dk."""
        return kernel.slope(k, self.b, self.rho, self.m, self.s)

    def curvature(self, k: float) -> float:
        """d2w/dk2."""
        return kernel.curvature(k, self.b, self.m, self.s)

    def smallest(self) -> float:
        """The smallest total variance at any strike."""
        return self.a + self.b * self.s * math.sqrt(1.0 - self.rho * self.rho)

    def butterfly(self, k: float) -> float:
        """g(k): the implied density over a positive factor; negative is butterfly arbitrage."""
        w, w1 = self.variance(k), self.slope(k)
        first = 1.0 - k * w1 / (2.0 * w)
        return first * first - w1 * w1 / 4.0 * (1.0 / w + 0.25) + self.curvature(k) / 2.0


class Natural(NamedTuple):
    """w(k) = delta + omega/2 (1 + zeta rho (k - mu) + sqrt((zeta (k - mu) + rho)^2 + 1 - rho^2))."""

    shift: float
    mu: float
    rho: float
    omega: float
    zeta: float


class JumpWings(NamedTuple):
    """Variance a year and skew at the money, slopes of the put and call wings, and the smallest variance a year."""

    v: float
    psi: float
    p: float
    c: float
    v_min: float


def raw_of(smile: Smile) -> Raw:
    """The raw parameters of a smile."""
    return Raw(smile.a, smile.b, smile.rho, smile.m, smile.s)


def natural_of(raw: Raw) -> Natural:
    """Raw parameters in natural spelling."""
    root = math.sqrt(1.0 - raw.rho * raw.rho)
    zeta = root / raw.s
    omega = 2.0 * raw.b / zeta
    return Natural(
        shift=raw.a - omega / 2.0 * root * root,
        mu=raw.m + raw.rho / zeta,
        rho=raw.rho,
        omega=omega,
        zeta=zeta,
    )


def raw_of_natural(natural: Natural) -> Raw:
    """Natural parameters in raw spelling."""
    square = 1.0 - natural.rho * natural.rho
    return Raw(
        a=natural.shift + natural.omega / 2.0 * square,
        b=natural.omega * natural.zeta / 2.0,
        rho=natural.rho,
        m=natural.mu - natural.rho / natural.zeta,
        s=math.sqrt(square) / natural.zeta,
    )


def jump_wings_of(raw: Raw, years: float) -> JumpWings:
    """Raw parameters as a trader reads them; `years` until expiry must be above zero."""
    if not years > 0.0:
        raise ValueError(f"years: {years} is not above zero")
    w = raw.variance(0.0)
    root = math.sqrt(w)
    return JumpWings(
        v=w / years,
        psi=raw.slope(0.0) / (2.0 * root),
        p=raw.b * (1.0 - raw.rho) / root,
        c=raw.b * (1.0 + raw.rho) / root,
        v_min=raw.smallest() / years,
    )


def raw_of_jump_wings(wings: JumpWings, years: float) -> Raw:
    """Raw parameters from jump-wings.

    ValueError says what no raw smile has: a skew outside its wings, a minimum above the variance at the money. A
    minimum at the money fixes `s` only through a smallest variance below it: with rho zero, nothing does.
    """
    if not (years > 0.0 and wings.v > 0.0 and 0.0 < wings.v_min <= wings.v):
        raise ValueError(f"v_min: {wings.v_min} and v {wings.v} must be above zero and in order")
    if not (wings.p > 0.0 and wings.c > 0.0):
        raise ValueError(f"p: {wings.p} and c {wings.c} must be above zero")
    w = wings.v * years
    root = math.sqrt(w)
    b = root * (wings.c + wings.p) / 2.0
    rho = 1.0 - wings.p * root / b
    beta = rho - 2.0 * wings.psi * root / b
    if not -1.0 < beta < 1.0:
        raise ValueError(f"psi: {wings.psi} is outside the wings")
    least = math.sqrt(1.0 - rho * rho)
    drop = (wings.v - wings.v_min) * years
    if abs(beta) <= _FLAT:
        if not 1.0 - least > _FLAT:
            raise ValueError("v_min: a symmetric smile does not say how wide it is")
        s, m = drop / (b * (1.0 - least)), 0.0
    else:
        alpha = math.copysign(math.sqrt(1.0 / (beta * beta) - 1.0), beta)
        depth = -rho + math.copysign(math.sqrt(1.0 + alpha * alpha), alpha) - alpha * least
        m = drop / (b * depth)
        s = alpha * m
    if not s > 0.0:
        raise ValueError("v_min: no width is left")
    return Raw(a=wings.v_min * years - b * s * least, b=b, rho=rho, m=m, s=s)


def repaired(wings: JumpWings) -> JumpWings:
    """The nearest smile without butterfly arbitrage that keeps v, psi and p (Gatheral and Jacquier, section 5.1)."""
    c = wings.p + 2.0 * wings.psi
    return wings._replace(c=c, v_min=wings.v * 4.0 * wings.p * c / ((wings.p + c) * (wings.p + c)))
