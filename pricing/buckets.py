"""The greeks of a package by expiry and wing."""

from typing import Final

from pricing.worth import Bucket

OUTRIGHT: Final = "outright"
_STEPS: Final = (("call_10", 0.15), ("call_25", 0.35), ("atm", 0.65), ("put_25", 0.85))


def wing(upper: float) -> str:
    """The wing of a strike by its call's forward delta N(d1): below .15, .35, .65, .85, and the rest."""
    for name, below in _STEPS:
        if upper < below:
            return name
    return "put_10"


class Buckets:
    """Sums of six greeks (net delta, gamma, vega, theta, vanna, volga) by expiry and wing, in the order of arrival."""

    __slots__ = ("_sums",)

    def __init__(self) -> None:
        self._sums: dict[tuple[int, str], list[float]] = {}

    def sums(self, expiry_at: int, name: str) -> list[float]:
        """The six sums of a bucket, to be added to."""
        key = (expiry_at, name)
        found = self._sums.get(key)
        if found is None:
            found = self._sums[key] = [0.0] * 6
        return found

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
