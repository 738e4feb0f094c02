"""The whole story of one Rfq, as text: times relative to the asking, prices with their waterfalls, quotes ranked."""

from collections.abc import Iterator
from decimal import Decimal

from models.features import SCHEMA_HASH
from pricing.estimates import LEVELS, Estimates, costs_bps, median_cost, win_probability
from pricing.quoting import Line, QuotePrice
from rfq.audit.export import instant_text
from rfq.audit.stories import Deed, Step, Story
from rfq.cli.phrases import ask_text, effect_text, event_text, number, seconds_text
from rfq.cli.printer import table
from rfq.domain.effects import AcceptQuote, Estimate, Ranked, SendQuote, SetTimer, Unwatch, Watch
from rfq.domain.events import Estimated, NeedPosted, TimerFired
from rfq.domain.row import FeatureRow

_SHOWN = (
    ("size_vs_adv_ratio", "size {:.4%} of a day's volume"),
    ("size_vs_depth_ratio", "{:.2f} x the depth within 10 bps"),
    ("sigma_daily_ratio", "volatility {:.2%} a day"),
    ("half_spread_bps", "screen's half spread {:.2f} bps"),
    ("uncertainty_bps", "doubt about fair {:.2f} bps"),
    ("book_imbalance_ratio", "book imbalance {:+.2f}"),
    ("inventory_vs_limit_ratio", "inventory {:+.2%} of the limit"),
    ("hit_ratio", "the party's hit ratio {:.0%}"),
    ("markout_bps_10s", "its markout {:+.2f} bps after 10 s"),
    ("snapshot_age_ms", "market {:.0f} ms old"),
)
_PAD = " " * 23
_BAR = 10


def tell(story: Story) -> Iterator[str]:
    """The lines of the story."""
    yield from _head(story)
    began_at = story.steps[0].row.at
    decisive = _decisive(story)
    for step in story.steps:
        deeds = [deed for deed in step.deeds if not isinstance(deed.effect, SetTimer | Watch | Unwatch)]
        when = f"+{seconds_text(step.row.at - began_at)}"
        head = f"{when:>12}  #{step.row.number:<8}"
        if isinstance(step.event, TimerFired):  # only wakes: what was done then is what counts
            if not deeds:
                continue
            yield f"{head}time for:"
        else:
            yield head + event_text(step.event)
        if isinstance(step.event, Estimated) and step.event.estimates is not None:
            yield f"{_PAD}  {estimates_text(step.event.estimates)}"
        for deed in deeds:
            yield f"{_PAD}> {effect_text(deed.effect)}{_fate(deed, step.row.at)}"
            for line in _detail(deed, step, decisive):
                yield f"{_PAD}    {line}"


def _head(story: Story) -> Iterator[str]:
    asked = story.asked
    role = "" if asked is None else " (we are taker)" if isinstance(asked, NeedPosted) else " (we are maker)"
    yield f"Rfq {story.rfq}{role}"
    if asked is not None:
        began_at = story.steps[0].row.at
        yield f"  asked by  {asked.party}, reference {asked.reference}"
        yield f"  for       {ask_text(asked.ask)}"
        if asked.ask.expires_at:
            yield f"  until     {seconds_text(asked.ask.expires_at - began_at)} later"
    yield f"  from      {instant_text(story.steps[0].row.at)}"
    yield ""


def _fate(deed: Deed, at: int) -> str:
    fate = deed.fate
    if fate is None:
        return ""
    if fate.reason is not None:
        return f"  [never left: {fate.reason}, #{fate.number}]"
    return f"  [left after {seconds_text(fate.sent_at - at)}, #{fate.number}]"


def _decisive(story: Story) -> set[int]:
    """The records whose ranking is worth a table: those on which we accepted, else the last one."""
    ranked = [step for step in story.steps if any(isinstance(deed.effect, Ranked) for deed in step.deeds)]
    found = {
        step.row.number for step in ranked if any(isinstance(deed.effect, AcceptQuote) for deed in step.deeds)
    }
    return found | {step.row.number for step in ranked[-1:]}


def _detail(deed: Deed, step: Step, decisive: set[int]) -> Iterator[str]:
    """What is worth more than a line."""
    effect = deed.effect
    if isinstance(effect, Estimate):
        yield from _features(effect.row)
    elif isinstance(effect, SendQuote):
        span = seconds_text(effect.quote.expires_at - step.row.at)
        yield f"{effect.quote.id} good for {span}; model {effect.model}, policy {effect.policy[:12]}"
        yield from waterfall(effect.price)
    elif isinstance(effect, Ranked) and effect.rows and step.row.number in decisive:
        yield from ranking(effect)


def _features(row: FeatureRow) -> Iterator[str]:
    """The most telling columns."""
    if row.schema != SCHEMA_HASH:
        yield f"features of another schema ({row.schema})"
        return
    said = [words.format(row.get(name)) for name, words in _SHOWN]
    for start in range(0, len(said), 3):
        yield ", ".join(said[start : start + 3])


def estimates_text(estimates: Estimates) -> str:
    """What the model said, in a line."""
    costs = ", ".join(
        f"{level:.0%} {cost:.2f}" for level, cost in zip(LEVELS, costs_bps(estimates), strict=True)
    )
    half = estimates.half_spread_bps
    wins = ", ".join(
        f"{win_probability(estimates, many * half):.0%} at {many * half:.1f}" for many in (0, 1, 2)
    )
    return (
        f"cost in bps: median {median_cost(estimates):.2f} ({costs}); won (bps from fair): {wins}; "
        f"source {estimates.source}"
    )


def waterfall(price: QuotePrice) -> list[str]:
    """From fair to the wire, step by step, both sides beside each other; each column adds up to its last line."""
    sides = [
        (name, wire, lines)
        for name, wire, lines in (
            ("bid", price.bid, price.bid_lines),
            ("offer", price.offer, price.offer_lines),
        )
        if wire is not None
    ]
    if not sides:
        return []
    places = max(_places(line.amount) for _, _, lines in sides for line in lines)
    unit = sides[0][2][0].unit if sides[0][2] else ""
    rows = [[f"step ({unit})" if unit else "step", *(name for name, _, _ in sides)]]
    for place, line in enumerate(sides[0][2]):
        rows.append([line.name, *(_signed(lines[place], places) for _, _, lines in sides)])
    rows.append(["wire", *(f"{wire:.{places}f}" for _, wire, _ in sides)])
    return table(rows, right=(1, 2))


def _places(amount: Decimal) -> int:
    """Decimal places."""
    return max(0, -int(amount.as_tuple().exponent))


def _signed(line: Line, places: int) -> str:
    return f"{line.amount:.{places}f}" if line.name == "fair" else f"{line.amount:+.{places}f}"


def bar(percentile: float, width: int = _BAR) -> str:
    """How dear a quote is among what this size usually costs: empty is cheap for us, full is dear."""
    full = round(max(0.0, min(1.0, percentile)) * width)
    return "#" * full + "." * (width - full)


def ranking(ranked: Ranked) -> list[str]:
    """The quotes, best first, with what makes them so."""
    rows = [["", "dealer", "price", "amount", "vs fair", "dearness", "", "record", "score", "left", "why"]]
    for place, one in enumerate(ranked.rows, 1):
        rows.append(
            [
                str(place),
                one.dealer,
                number(one.price),
                number(one.amount),
                f"{one.cost_bps:+.2f}",
                bar(one.percentile),
                f"{one.percentile:.0%}",
                f"{one.record_bps:+.2f}",
                f"{one.score_bps:+.2f}",
                f"{one.left_ms / 1000:.1f} s",
                one.why,
            ]
        )
    head = f"our fair {number(ranked.fair)}, model {ranked.model}; costs in bps, dearness 0 % = cheap for us"
    return [head, *table(rows, right=(2, 3, 4, 6, 7, 8, 9))]
