"""How the clocks of a recording stand to each other: measured, told, never silently mended.

A message cannot arrive before it was sent. So the least of `received - exchange` over some time is the clocks'
difference plus the shortest way, and its lower envelope shows how they drift apart. Single stamps may be wrong, hence
not the very least but a low quantile in each of some windows of time; over them the median, and the median of slopes.
"""

from typing import Final

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

_NS_PER_MS: Final = 1e6
_WINDOWS: Final = 24
_LOW: Final = 0.005
_WINDOW_ROWS: Final = 8
_DRIFT_WINDOWS: Final = 6
_DRIFT_S: Final = 60.0
_STEP_MS: Final = 50.0
_AROUND: Final = 30
"""Messages on either side of a step by which it is known for one."""
_BEHIND_MS: Final = 2.0
"""Exchange stamps are whole milliseconds: below this a clock is not called behind."""


class Clocks(msgspec.Struct, frozen=True, kw_only=True):
    """What the stamps of one table say. Milliseconds; `receiver_behind_ms` is how far the exchange's clock is ahead of
    the receiver's at least, the shortest way of a message taken off from neither (negative: the usual case, where the
    way and a receiver ahead cannot be told apart)."""

    stamps: int
    """Messages with both stamps."""
    receiver_behind_ms: float | None = None
    delay_p50_ms: float | None = None
    """Beyond the shortest way."""
    delay_p99_ms: float | None = None
    drift_ppm: float | None = None
    """The receiver's clock against the exchange's; + = it runs fast."""
    step_ms: float | None = None
    """The largest jump between neighbouring windows, if it is one."""
    received_back: int = 0
    """How often a receive stamp is before the one above it in the file."""
    received_back_ms: float = 0.0
    exchange_back: int = 0
    """The same of exchange stamps, in the order of receipt."""
    exchange_back_ms: float = 0.0
    words: str = ""


def measure(received_ns: NDArray[np.int64], exchange_ms: NDArray[np.int64]) -> Clocks:
    """The clocks of one table's messages, in the order of the file; 0 stands for no stamp."""
    order = np.argsort(received_ns, kind="stable")
    back, back_ms = _backwards(received_ns[received_ns > 0], 1 / _NS_PER_MS)
    received, exchange = received_ns[order], exchange_ms[order]
    both = (received > 0) & (exchange > 0)
    received, exchange = received[both], exchange[both]
    exchange_back, exchange_back_ms = _backwards(exchange, 1.0)
    counts = Clocks(
        stamps=int(both.sum()),
        received_back=back,
        received_back_ms=back_ms,
        exchange_back=exchange_back,
        exchange_back_ms=exchange_back_ms,
    )
    if not len(received):
        return replace(counts, words="no message has both stamps")
    late_ms = (received - exchange * 1_000_000) / _NS_PER_MS
    if (received // 1_000_000 == exchange).all():
        return replace(counts, words="receive stamps are the exchange's: nothing to compare")
    middle_s, low_ms = _envelope(received, late_ms)
    floor = float(np.median(low_ms))
    drift = _drift(middle_s, low_ms)
    jumps = np.diff(low_ms)
    step = float(jumps[np.argmax(np.abs(jumps))]) if len(jumps) else 0.0
    p50, p99 = np.quantile(late_ms, (0.5, 0.99)) - floor
    return replace(
        counts,
        receiver_behind_ms=round(-floor, 3),
        delay_p50_ms=round(float(p50), 3),
        delay_p99_ms=round(float(p99), 3),
        drift_ppm=None if drift is None else round(drift, 2),
        step_ms=round(step, 3) if abs(step) >= _STEP_MS else None,
        words=_words(floor, step),
    )


def clock_put_back(received_ns: NDArray[np.int64], exchange_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Before which rows of a file the receiver's clock was put back: its stamp is far before the one above, the
    exchange's is not, and the delays stay lower by as much. Rows that stand in disorder, or overtook others, have
    none of this."""
    there = np.flatnonzero((received_ns > 0) & (exchange_ms > 0))
    there = there[np.diff(received_ns[there], prepend=0) != 0]
    received, exchange = received_ns[there], exchange_ms[there]
    back = np.zeros(len(received_ns), np.bool_)
    fall = received[:-1] - received[1:]
    steps = np.flatnonzero((fall > _STEP_MS * _NS_PER_MS) & (exchange[1:] >= exchange[:-1])) + 1
    if not len(steps):
        return back
    late = received - exchange * 1_000_000
    around = np.arange(_AROUND)
    above, below = (
        late[np.maximum(steps[:, None] - 1 - around, 0)],
        late[np.minimum(steps[:, None] + around, len(late) - 1)],
    )
    lower = np.minimum(
        np.median(above, axis=1) - np.median(below, axis=1), above.min(axis=1) - below.min(axis=1)
    )
    back[there[steps[lower > np.maximum(_STEP_MS * _NS_PER_MS, 0.7 * fall[steps - 1])]]] = True
    return back


def _backwards(stamps: NDArray[np.int64], to_ms: float) -> tuple[int, float]:
    """How often a stamp is before its forerunner, and by how much at most."""
    steps = np.diff(stamps)
    return int((steps < 0).sum()), round(float(-min(0, int(steps.min(initial=0)))) * to_ms, 6)


def _envelope(
    received: NDArray[np.int64], late_ms: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Windows' middles in seconds from the first stamp, and the low quantile of the delay in each."""
    seconds = (received - received[0]) / 1e9
    count = max(1, min(_WINDOWS, len(received) // _WINDOW_ROWS))
    edges = np.linspace(0.0, float(seconds[-1]), count + 1)[1:-1]
    window = np.searchsorted(edges, seconds, side="right")
    starts = np.searchsorted(window, np.arange(count))
    ends = np.append(starts[1:], len(received))
    kept = [(a, b) for a, b in zip(starts, ends, strict=True) if b - a >= _WINDOW_ROWS] or [
        (0, len(received))
    ]
    middles = np.array([seconds[a:b].mean() for a, b in kept])
    lows = np.array([np.quantile(late_ms[a:b], _LOW) for a, b in kept])
    return middles, lows


def _drift(middle_s: NDArray[np.float64], low_ms: NDArray[np.float64]) -> float | None:
    """The median slope between any two windows, parts in a million; None where the time is too short."""
    if len(middle_s) < _DRIFT_WINDOWS or middle_s[-1] - middle_s[0] < _DRIFT_S:
        return None
    first, second = np.triu_indices(len(middle_s), 1)
    slopes = (low_ms[second] - low_ms[first]) / (middle_s[second] - middle_s[first])
    return float(np.median(slopes)) * 1e3


def _words(floor_ms: float, step_ms: float) -> str:
    said = (
        f"the receiver's clock is at least {-floor_ms:.1f} ms behind the exchange's"
        if floor_ms < -_BEHIND_MS
        else "no message arrives before it was sent"
    )
    return f"{said}; it jumps by {step_ms:.1f} ms" if abs(step_ms) >= _STEP_MS else said
