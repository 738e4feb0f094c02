"""Making a price: tabulating the closed-form estimates, and the waterfall for one side and for two, on one core, with
the kernel plain and compiled. No two requests are alike: the inventory moves from one to the next, and with it the
best distance."""

import gc
import time
from collections.abc import Callable
from decimal import Decimal
from itertools import cycle, islice

from benchmarks.rows import Row
from models.baselines import Arithmetic, predict
from models.features import INDEX, MISSING, SCHEMA_HASH, FeatureRow
from pricing.estimates import Estimates
from pricing.numeric import elementary, engine
from pricing.quoting import quote
from pricing.spread import best_distance, best_on
from pricing.worth import Bucket, Valuation
from rfq.desk.response import estimates_of
from rfq.ops.kernels import warm_kernels
from rfq.ops.sections import Kernels
from rfq.ops.standard import STANDARD_POLICY

BATCH = 200
TABULATE_US = 60.0
QUOTE_US, QUOTE_PLAIN_US = 25.0, 40.0
HELD_USD = tuple(1e5 * step for step in range(-20, 21))
PERPETUAL = Valuation(
    fair=60_000.0,
    bp=6.0,
    notional_usd=1.0,
    delta_net_usd=1.0,
    underlying="BTC",
    currency="USD",
    width_bps=0.1,
    uncertainty_bps=0.3,
)
SPREAD = Valuation(
    fair=0.0319,
    bp=0.0001,
    notional_usd=60_000.0,
    delta_net_usd=10_100.0,
    underlying="BTC",
    currency="BTC",
    width_bps=4.0,
    uncertainty_bps=1.5,
    signed=True,
    buckets=(
        Bucket(expiry_at=1, wing="atm", delta_net_usd=28_600.0, vega_usd_per_vol_point=68.3),
        Bucket(expiry_at=1, wing="call_25", delta_net_usd=-18_500.0, vega_usd_per_vol_point=-63.0),
    ),
)


def best_us(call: Callable[[float], object], rounds: int) -> float:
    """Microseconds of processor time a call, in the best of so many batches."""
    held = tuple(islice(cycle(HELD_USD), BATCH))
    best = float("inf")
    gc.disable()
    try:
        for _ in range(rounds):
            begun = time.process_time()
            for one in held:
                call(one)
            best = min(best, (time.process_time() - begun) / BATCH)
    finally:
        gc.enable()
    return best * 1e6


def main(quick: bool = False) -> list[Row]:
    """All figures, plain and (where numba is installed) compiled; `quick` takes a fifth of the rounds."""
    rounds = 20 if quick else 100
    values = list(MISSING)
    values[INDEX["size_vs_adv_ratio"]] = 1e-3
    asked = FeatureRow(schema=SCHEMA_HASH, values=tuple(values))
    ours = Arithmetic(elementary.exp, elementary.log)
    estimates = estimates_of(predict(asked, ours))
    tabulate = best_us(lambda _: estimates_of(predict(asked, ours)), rounds)
    rows = [
        Row(
            "closed-form estimates: 33 + 33 + 9 numbers, checked twice",
            f"{tabulate:.1f} µs",
            f"≤ {TABULATE_US:.0f} µs",
            tabulate <= TABULATE_US,
        ),
        Row(
            "best distance in closed form (a logistic without markout)",
            f"{best_us(lambda held: best_distance(-0.7, 0.8, 1e-6 * held), rounds):.1f} µs",
        ),
    ]
    warm_kernels(Kernels())
    kernel = engine.DISTANCES
    compiled, kernel.compiled = kernel.compiled, None
    rows += _quotes(estimates, "plain", QUOTE_PLAIN_US, rounds)
    kernel.compiled = compiled
    if compiled is not None:
        rows += _quotes(estimates, "compiled", QUOTE_US, rounds)
    return rows


def _quotes(estimates: Estimates, how: str, target_us: float, rounds: int) -> list[Row]:
    """The best distance and whole quotes; the target is for two sides of a perpetual."""
    found = best_us(lambda held: best_on(estimates, 1e-6 * held), rounds)
    rows = [Row(f"best distance on tables, {how}", f"{found:.1f} µs")]
    for name, valuation, tick in (
        ("perpetual", PERPETUAL, Decimal("0.5")),
        ("call spread", SPREAD, Decimal("0.0001")),
    ):
        for sides, offer in (("one way", False), ("two-way", True)):

            def price(
                held: float, valuation: Valuation = valuation, tick: Decimal = tick, offer: bool = offer
            ) -> object:
                return quote(
                    valuation,
                    estimates,
                    bid=True,
                    offer=offer,
                    amount=10.0,
                    inventory_usd=held,
                    age_ms=20.0,
                    fallback=False,
                    terms=STANDARD_POLICY.terms,
                    tick=tick,
                )

            spent = best_us(price, rounds)
            told = offer and valuation is PERPETUAL
            rows.append(
                Row(
                    f"quote a {name}, {sides}, {how}",
                    f"{spent:.1f} µs",
                    f"≤ {target_us:.0f} µs" if told else "",
                    spent <= target_us if told else None,
                )
            )
    return rows
