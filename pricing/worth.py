"""What a valuation says: the worth of a structure with its greeks and its doubt, of each leg, and by bucket.

Conventions. USD of delta and gamma count coins at the leg's own forward, as a future of the same expiry would; a coin
premium is taken off delta. Money (vega, theta, volga, widths) is what it is worth in USD at the snapshot's index and
rates. All are per unit of the structure's amount, ratios and signs included.
"""

from pricing.fact import Fact


class LegWorth(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="LegWorth.1"):
    """One leg. `fair` is that of one unit in its own price units (`currency`); `worth` what it adds to the structure's.

    `delta_forward_coin`: coins of a forward to its expiry that hedge it there (N(d1) for a call; of a future, which
    pays at once, the discount factor times as many). `forward` and `vol` are zero where there is none. `hedge`: the
    leg at a fixed price, whose worth is what it is worth beside that.
    """

    instrument: str
    ratio: float
    fair: float
    currency: str
    worth: float
    delta_net_usd: float
    delta_forward_coin: float
    gamma_usd_per_pct: float = 0.0
    vega_usd_per_vol_point: float = 0.0
    theta_usd_per_calendar_day: float = 0.0
    vanna_usd_per_vol_point: float = 0.0
    volga_usd_per_vol_point_squared: float = 0.0
    forward: float = 0.0
    vol: float = 0.0
    age_ms: float = 0.0
    hedge: bool = False


class Bucket(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Bucket.1"):
    """What a package carries in one expiry (`expiry_at`, 0 = none) and wing: put_10, put_25, atm, call_25, call_10 by
    the strike's forward delta, or outright for what has no strike.
    """

    expiry_at: int
    wing: str
    delta_net_usd: float
    gamma_usd_per_pct: float = 0.0
    vega_usd_per_vol_point: float = 0.0
    theta_usd_per_calendar_day: float = 0.0
    vanna_usd_per_vol_point: float = 0.0
    volga_usd_per_vol_point_squared: float = 0.0


class Valuation(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Valuation.2"):
    """What one unit of amount is worth; see each field's unit.

    fair: price per unit in `currency`. bp: price units of one bp of notional. notional_usd: per unit (largest leg).
    delta_net_usd: USD of the underlying held, coin premiums taken off. gamma_usd_per_pct: USD of forward delta gained
    per 1 % up. vega_usd_per_vol_point: USD per 0.01 of volatility. vanna_usd_per_vol_point: USD of net delta per
    point. volga_usd_per_vol_point_squared: USD of vega per point. horizon_years: to the nearest expiry, 0 = none.
    width_bps: the screen's own half spread, bps of notional. uncertainty_bps: one standard error of fair, bps of
    notional, staleness included. age_ms: of the oldest input. signed: whether the price may be zero or negative.
    """

    fair: float
    bp: float
    notional_usd: float
    delta_net_usd: float
    gamma_usd_per_pct: float = 0.0
    vega_usd_per_vol_point: float = 0.0
    theta_usd_per_calendar_day: float = 0.0
    vanna_usd_per_vol_point: float = 0.0
    volga_usd_per_vol_point_squared: float = 0.0
    underlying: str
    currency: str = ""
    horizon_years: float = 0.0
    width_bps: float
    uncertainty_bps: float
    age_ms: float = 0.0
    signed: bool = False
    legs: tuple[LegWorth, ...] = ()
    buckets: tuple[Bucket, ...] = ()


class Unpriceable(Fact, frozen=True, kw_only=True, tag="Unpriceable.1"):
    """Why there is no value, as a short word, and the field or name that it is about.

    Words: no_legs, unknown_instrument, mixed_underlyings, not_priced, no_market, no_index, no_rate, no_book,
    no_forward, no_slice, no_fixing, expired.
    """

    reason: str
    field: str
