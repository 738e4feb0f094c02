"""SSVI (Gatheral and Jacquier 2014): one surface of SVI smiles from variance at the money, and when it is free of
arbitrage.

    w(k) = theta/2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2))
    phi = eta / (theta^gamma (1 + theta)^(1 - gamma))

Too stiff to quote a coin from, so the fit does not use it; it starts from nothing, and it bounds.
"""

import math
from typing import NamedTuple

from pricing.surface.svi import Raw


class Ssvi(NamedTuple):
    """The power-law surface: `rho` skews it, `eta` curves it, `gamma` says how curvature fades with variance."""

    rho: float
    eta: float
    gamma: float = 0.5

    def phi(self, theta: float) -> float:
        """How curved the smile is whose total variance at the money is `theta`."""
        return self.eta / (math.pow(theta, self.gamma) * math.pow(1.0 + theta, 1.0 - self.gamma))

    def variance(self, k: float, theta: float) -> float:
        """Total variance at k = ln(strike / forward)."""
        return variance(k, theta, self.rho, self.phi(theta))

    def raw(self, theta: float) -> Raw:
        """The smile of one expiry, as raw SVI."""
        phi, square = self.phi(theta), 1.0 - self.rho * self.rho
        return Raw(
            a=theta / 2.0 * square,
            b=theta * phi / 2.0,
            rho=self.rho,
            m=-self.rho / phi,
            s=math.sqrt(square) / phi,
        )

    def is_free(self) -> bool:
        """No arbitrage for any rising term of theta: eta (1 + |rho|) <= 2, proved for gamma within (0, 1/2]."""
        return 0.0 < self.gamma <= 0.5 and 0.0 < self.eta * (1.0 + abs(self.rho)) <= 2.0


def variance(k: float, theta: float, rho: float, phi: float) -> float:
    """Total variance of the SSVI smile with variance `theta` at the money and curvature `phi`."""
    x = phi * k + rho
    return theta / 2.0 * (1.0 + rho * phi * k + math.sqrt(x * x + 1.0 - rho * rho))


def no_butterfly(theta: float, rho: float, phi: float) -> bool:
    """The sufficient conditions on one smile: theta phi (1 + |rho|) < 4 and theta phi^2 (1 + |rho|) <= 4."""
    lean = 1.0 + abs(rho)
    return theta * phi * lean < 4.0 and theta * phi * phi * lean <= 4.0


def no_calendar(theta: float, rho: float, phi: float, slope: float) -> bool:
    """The condition at one theta: 0 <= d(theta phi)/d theta <= (1 + sqrt(1 - rho^2)) phi / rho^2.

    `slope` is that derivative; theta itself must not fall with time.
    """
    if rho == 0.0:
        return slope >= 0.0
    return 0.0 <= slope <= (1.0 + math.sqrt(1.0 - rho * rho)) * phi / (rho * rho)
