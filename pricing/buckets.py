"""The greeks of a package by expiry and wing."""

from typing import Final

from pricing.worth import Bucket

OUTRIGHT: Final = "outright"


def wing(upper: float) -> str:
    """The wing of a strike by its call's forward delta N(d1): below .15, .35, .65, .85, and the rest."""
    if upper < 0.35:
        return "call_10" if upper < 0.15 else "call_25"
    if upper < 0.65:
        return "atm"
    return "put_25" if upper < 0.85 else "put_10"


class Buckets:
    """Sums of six greeks (net delta, gamma, vega, theta, vanna, volga) by expiry and wing, in the order of arrival."""

    __slots__ = ("_sums",)

    def __init__(self) -> None:
        self._sums: dict[tuple[int, str], tuple[float, ...]] = {}

    def add(self, expiry_at: int, name: str, greeks: tuple[float, ...]) -> None:
        """Add one leg's six."""
        key = (expiry_at, name)
        found = self._sums.get(key)
        if found is None:
            self._sums[key] = greeks
            return
        delta, gamma, vega, theta, vanna, volga = greeks
        delta_0, gamma_0, vega_0, theta_0, vanna_0, volga_0 = found
        self._sums[key] = (
            *(delta_0 + delta, gamma_0 + gamma, vega_0 + vega),
            *(theta_0 + theta, vanna_0 + vanna, volga_0 + volga),
        )

    def total(self) -> tuple[float, float, float, float, float, float]:
        """The six of all buckets together."""
        delta = gamma = vega = theta = vanna = volga = 0.0
        for one in self._sums.values():
            delta += one[0]
            gamma += one[1]
            vega += one[2]
            theta += one[3]
            vanna += one[4]
            volga += one[5]
        return delta, gamma, vega, theta, vanna, volga

    def done(self) -> tuple[Bucket, ...]:
        """All of them."""
        return tuple(
            [
                Bucket(
                    expiry_at=expiry_at,
                    wing=name,
                    delta_net_usd=delta,
                    gamma_usd_per_pct=gamma,
                    vega_usd_per_vol_point=vega,
                    theta_usd_per_calendar_day=theta,
                    vanna_usd_per_vol_point=vanna,
                    volga_usd_per_vol_point_twice=volga,
                )
                for (expiry_at, name), (delta, gamma, vega, theta, vanna, volga) in self._sums.items()
            ]
        )
