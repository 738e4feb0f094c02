"""The desk on one core: whole maker lives and whole taker lives with five dealers, half perpetuals, half two-leg option
spreads, full features and limits. The kernels are warmed first, as the service does. The time is that spent inside
`Desk.handle`; encoding the records is told apart."""

import gc
from statistics import median

from benchmarks.lives import OUTRIGHT, SPREAD, Runner, maker_life, taker_life
from benchmarks.rows import Row
from rfq.domain.request import Side
from rfq.ops.kernels import warm_kernels
from rfq.ops.sections import Kernels

MAKER_TARGET, TAKER_TARGET = 2_000, 800
ROUNDS = 7
SIDES = (Side.BUY, Side.SELL, Side.TWO_WAY)


def main(quick: bool = False) -> list[Row]:
    """Both roles: lives a second (median of rounds), events and bytes a life, where the time goes."""
    lives = 100 if quick else 600
    kernels = warm_kernels(Kernels())
    run = Runner()
    for number in range(50):
        _live(run, "maker", f"w{number}", number)
        _live(run, "taker", f"v{number}", number)
    gc.collect()
    gc.freeze()
    rows = []
    for role, target in (("maker", MAKER_TARGET), ("taker", TAKER_TARGET)):
        handled, encoded = [], []
        for turn in range(ROUNDS):
            run.reset()
            for number in range(lives):
                _live(run, role, f"{role}{turn}-{number}", number)
            handled.append(lives / run.handled_s)
            encoded.append(lives / (run.handled_s + run.encoded_s))
        rate = median(handled)
        parts = ", ".join(
            f"{kind} {count // lives} x {1e6 * spent / count:.0f} µs / {size // count} B"
            for kind, (count, spent, size) in run.by_kind.items()
        )
        rows += [
            Row(
                f"desk, {role} lives/s",
                f"{rate:,.0f} ({min(handled):,.0f} to {max(handled):,.0f})",
                f">= {target:,}",
                rate >= target,
                f"{parts}; kernels {kernels}",
            ),
            Row(
                f"desk, {role} lives/s with encoding",
                f"{median(encoded):,.0f}",
                note=f"{run.events / lives:.0f} events and {run.bytes / lives:,.0f} B a life",
            ),
        ]
    gc.unfreeze()
    assert not run.desk.state.cards, "every life came to its end"
    return rows


def _live(run: Runner, role: str, name: str, number: int) -> None:
    structure = OUTRIGHT if number % 2 else SPREAD
    if role == "maker":
        maker_life(run, name, structure, SIDES[number % 3])
    else:
        taker_life(run, name, structure, SIDES[number // 2 % 2])
