"""The greeks of a package by expiry and wing."""

from typing import Final

from pricing.numeric.package import BUCKET_WIDTH
from pricing.worth import Bucket

OUTRIGHT: Final = "outright"
WINGS: Final = ("put_10", "put_25", "atm", "call_25", "call_10")
"""By a strike's forward delta N(d1) as a call: above .85, .65, .35, .15, and the rest."""


def option_buckets(instants: list[int], found: list[float], at: int) -> list[Bucket]:
    """The buckets that hold an option, from the kernel's sums, which begin at `at`: by expiry, then by wing."""
    made = []
    for expiry_at in instants:
        for name in WINGS:
            if found[at]:
                _, delta, gamma, vega, theta, vanna, volga = found[at : at + BUCKET_WIDTH]
                made.append(
                    Bucket(
                        expiry_at=expiry_at,
                        wing=name,
                        delta_net_usd=delta,
                        gamma_usd_per_pct=gamma,
                        vega_usd_per_vol_point=vega,
                        theta_usd_per_calendar_day=theta,
                        vanna_usd_per_vol_point=vanna,
                        volga_usd_per_vol_point_squared=volga,
                    )
                )
            at += BUCKET_WIDTH
    return made


def outright_bucket(expiry_at: int, delta_net_usd: float) -> Bucket:
    """The bucket of what has no strike."""
    return Bucket(expiry_at=expiry_at, wing=OUTRIGHT, delta_net_usd=delta_net_usd)
