"""What was said outside the market (news, chains, releases), as it stood at an instant; pure, fed by `rfq.feeds`.

Each number counts from the instant it was received, never from the one it is dated: what was true yesterday and read
today is known today. Sums and means fade with a half-life, so nothing has to be remembered but two numbers a name.
"""

from typing import Final, NamedTuple

from pricing.numeric.elementary import exp
from pricing.units import DAY_NS, HOUR_NS

_LN2: Final = 0.6931471805599453
SENTIMENT: Final = "sentiment"
CHAIN_FLOW: Final = "chain_flow_usd"
DEX_DEPTH: Final = "dex_depth_usd"
MACRO: Final = "macro_surprise_sd"
SUBJECTS_MAX: Final = 1_000


class Observed(NamedTuple):
    """One number about one underlying ("": all of them), known since `at` (receipt, UTC ns)."""

    at: int
    subject: str
    name: str
    value: float


class Outside(NamedTuple):
    """What is known outside; zeros where nothing is."""

    sentiment_score_1h: float = 0.0  # weighted mean of scores in [-1, 1], half-life one hour
    news_count_1h: float = 0.0  # rows of sentiment, fading
    chain_flow_usd_1h: float = 0.0  # coins moved to exchanges minus from them, USD, fading
    dex_depth_usd: float = 0.0  # the last one told, for a day
    macro_surprise_sd_1d: float = 0.0  # surprises of releases in their standard deviations, fading over a day


NOTHING: Final = Outside()


class _Fading:
    """A sum and a count that halve every `half_ns`."""

    __slots__ = ("at", "count", "half_ns", "total")

    def __init__(self, half_ns: int) -> None:
        self.half_ns = half_ns
        self.total = 0.0
        self.count = 0.0
        self.at = 0

    def add(self, at: int, value: float) -> None:
        """Count one more; an instant before the last one counts as the last one."""
        left = self.left(at)
        self.total = self.total * left + value
        self.count = self.count * left + 1.0
        self.at = max(self.at, at)

    def left(self, at: int) -> float:
        """What is left at `at` of what there was."""
        passed = at - self.at
        return exp(-_LN2 * passed / self.half_ns) if passed > 0 and self.count else 1.0


class _Known:
    """What is known of one subject."""

    __slots__ = ("depth", "depth_at", "flow", "macro", "sentiment")

    def __init__(self) -> None:
        self.sentiment = _Fading(HOUR_NS)
        self.flow = _Fading(HOUR_NS)
        self.macro = _Fading(DAY_NS)
        self.depth = 0.0
        self.depth_at = 0


class OutsideFlow:
    """Takes observations in the order of their receipt; `read` says what was known."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self.unknown = 0
        """Observations of a name that no feature reads, or of more subjects than there is room for."""

    def saw(self, row: Observed) -> None:
        """One more is known."""
        known = self._known.get(row.subject)
        if known is None:
            if len(self._known) >= SUBJECTS_MAX:
                self.unknown += 1
                return
            known = self._known[row.subject] = _Known()
        if row.name == SENTIMENT:
            known.sentiment.add(row.at, min(max(row.value, -1.0), 1.0))
        elif row.name == CHAIN_FLOW:
            known.flow.add(row.at, row.value)
        elif row.name == MACRO:
            known.macro.add(row.at, row.value)
        elif row.name == DEX_DEPTH:
            known.depth, known.depth_at = row.value, row.at
        else:
            self.unknown += 1

    def read(self, at: int, underlying: str) -> Outside:
        """What is known at `at` about an underlying, what concerns everybody included."""
        found = [each for each in (self._known.get(underlying), self._known.get("")) if each is not None]
        if not found:
            return NOTHING
        total = count = flow = macro = depth = 0.0
        for known in found:
            left = known.sentiment.left(at)
            total += known.sentiment.total * left
            count += known.sentiment.count * left
            flow += known.flow.total * known.flow.left(at)
            macro += known.macro.total * known.macro.left(at)
            if known.depth_at and at - known.depth_at <= DAY_NS:
                depth += known.depth
        return Outside(total / count if count > 0.0 else 0.0, count, flow, depth, macro)
