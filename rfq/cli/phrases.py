"""Events and effects in a few words each, for people: one line of `audit tail`, of a story, of a demo without a screen.

The words are those of docs/glossary.md: side is the taker's, bid and offer are the maker's.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pricing.structures import Structure
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.effects import Effect
from rfq.domain.events import Event
from rfq.domain.reasons import Reason
from rfq.domain.request import Ask, Side

NS_PER_S = 1_000_000_000


def number(value: Decimal | float | None) -> str:
    """A Decimal in plain digits; a dash for nothing."""
    return "-" if value is None else f"{value:f}"


def structure_text(structure: Structure) -> str:
    """A package in one line; what its legs have in common is said once: `BTC-27DEC24 60000-C - 65000-C`."""
    legs = structure.legs
    names = [leg.instrument for leg in legs]
    stem = _stem(names)
    parts = [f"{stem} " if stem else ""]
    for place, leg in enumerate(legs):
        sign = "-" if leg.ratio < 0 else "+"
        size = abs(leg.ratio)
        times = "" if size == 1 else f"{number(size)} x "
        lead = ("-" if sign == "-" else "") if place == 0 else f" {sign} "
        parts.append(f"{lead}{times}{leg.instrument[len(stem) + 1 :] if stem else leg.instrument}")
    for hedge in structure.hedges:
        parts.append(f", hedge {number(hedge.ratio)} {hedge.instrument} at {number(hedge.price)}")
    return "".join(parts) or "(no legs)"


def _stem(names: list[str]) -> str:
    """What the names begin with, up to a hyphen, if there are several: underlying, or underlying and expiry."""
    if len(names) < 2:
        return ""
    split = [name.split("-") for name in names]
    shared: list[str] = []
    for words in zip(*(one[:-1] for one in split), strict=False):
        if len(set(words)) > 1:
            break
        shared.append(words[0])
    return "-".join(shared[:2])


def ask_text(ask: Ask) -> str:
    """What is asked for: side, amount, structure."""
    side = "two-way" if ask.side is Side.TWO_WAY else ask.side.value
    return f"{side} {number(ask.amount)} {structure_text(ask.structure)}"


def reason_text(reason: Reason | None) -> str:
    """Why, for people."""
    return "" if reason is None else str(reason)


def seconds_text(ns: int) -> str:
    """A span of time: milliseconds when short."""
    if abs(ns) < NS_PER_S:
        return f"{ns / 1e6:.1f} ms"
    return f"{ns / NS_PER_S:.3f} s"


def event_text(event: Event) -> str:
    """What happened."""
    found = _EVENTS.get(type(event))
    return found(event) if found is not None else ""


def effect_text(effect: Effect) -> str:
    """What the desk asked of the world."""
    found = _EFFECTS.get(type(effect))
    return found(effect) if found is not None else ""


def _quoted(bid: Decimal | None, offer: Decimal | None) -> str:
    if bid is None:
        return f"offer {number(offer)}"
    return f"bid {number(bid)}" if offer is None else f"{number(bid)} / {number(offer)}"


def _overflow(event: ev.InboxOverflowed) -> str:
    return f"the inbox was full: {len(event.requests)} requests were not taken in"


def _unreadable(event: ev.MessageUnreadable) -> str:
    return f"{event.party} sent an unreadable {event.kind} {event.reference}: {event.reason}"


def _estimated(event: ev.Estimated) -> str:
    if event.estimates is None:
        return f"no numbers from {event.model}: {reason_text(event.reason)}"
    return f"{event.model} gave numbers for {event.rfq}"


def _started(event: ev.Started) -> str:
    how = "after a crash or kill" if event.unclean else "after a clean end"
    return f"came up again {how}, build {event.build}, {len(event.unsent)} effects of unknown fate"


_EVENTS: dict[type, Callable[[Any], str]] = {
    ev.ChainOpened: lambda e: (
        f"chain {e.chain} begins, build {e.build}, {len(e.instruments)} instruments, "
        f"{len(e.parties)} parties, policy {e.policy.version}"
    ),
    ev.Started: _started,
    ev.SegmentOpened: lambda e: f"segment {e.segment} begins",
    ev.PolicyChanged: lambda e: f"{e.by} set policy {e.policy.version}",
    ev.InstrumentsListed: lambda e: f"{len(e.instruments)} instruments listed",
    ev.PartyAdmitted: lambda e: f"{e.party.id} admitted",
    ev.SessionUp: lambda e: f"{e.party} can be reached",
    ev.SessionDown: lambda e: f"{e.party} cannot be reached any more",
    ev.KillPressed: lambda e: f"{e.by} stopped the desk",
    ev.ArmAsked: lambda e: f"{e.by} asked to arm the desk again",
    ev.RfqReceived: lambda e: f"{e.party} asks us: {ask_text(e.ask)}",
    ev.MessageUnreadable: _unreadable,
    ev.InboxOverflowed: _overflow,
    ev.RfqCancelled: lambda e: f"{e.party} cancels its request {e.reference}",
    ev.AcceptReceived: lambda e: f"{e.party} accepts our quote {e.quote}: {e.side.value} {number(e.amount)}",
    ev.OutcomeHeard: lambda e: (
        f"{e.party} says of our quote {e.quote}: {e.outcome.value}"
        + (f", cover {number(e.cover)}" if e.cover is not None else "")
    ),
    ev.NeedPosted: lambda e: (
        f"{e.party} wants done: {ask_text(e.ask)}"
        + (f", limit {number(e.limit)}" if e.limit is not None else "")
    ),
    ev.NeedCancelled: lambda e: f"{e.party} no longer wants {e.rfq}",
    ev.QuoteReceived: lambda e: (
        f"{e.dealer} quotes {_quoted(e.bid, e.offer)}"
        + ("" if e.firm else ", indicative")
        + (", all or none" if e.all_or_none else "")
    ),
    ev.QuoteWithdrawn: lambda e: f"{e.dealer} takes its quote {e.reference} back",
    ev.DealerPassed: lambda e: f"{e.dealer} passes: {e.reason}",
    ev.AcceptCommanded: lambda e: f"{e.party} accepts {e.quote or 'the best quotes'} on {e.rfq}",
    ev.FillReported: lambda e: f"{e.dealer} reports our trade: {number(e.amount)} at {number(e.price)}",
    ev.AcceptRefused: lambda e: f"{e.dealer} does not honour our acceptance: {e.reason}",
    ev.Estimated: _estimated,
    ev.TimerFired: lambda e: f"a wake for {e.rfq}",
    ev.MarketMoved: lambda e: f"{e.underlying} moved",
    ev.Sent: lambda e: f"{len(e.marks)} message{'s' if len(e.marks) != 1 else ''} left",
    ev.NotSent: lambda e: f"effect {e.index} of record {e.number} did not leave: {e.reason}",
}


def _ranked(effect: fx.Ranked) -> str:
    if not effect.rows:
        return "no quote to rank"
    best = effect.rows[0]
    return (
        f"{len(effect.rows)} ranked; best {best.dealer} at {number(best.price)}, "
        f"{best.cost_bps:+.1f} bps from fair, {best.why}"
    )


def _send_quote(effect: fx.SendQuote) -> str:
    quote = effect.quote
    return f"quote to {effect.to}: {_quoted(quote.bid, quote.offer)}" + (
        ", by the closed form" if effect.fallback else ""
    )


def _ignored(effect: fx.Ignored) -> str:
    about = f" ({effect.rfq or effect.party})" if effect.rfq or effect.party else ""
    return f"nothing changed{about}: {effect.reason}"


_EFFECTS: dict[type, Callable[[Any], str]] = {
    fx.Estimate: lambda x: f"ask the model about {x.rfq}",
    fx.SetTimer: lambda x: "set a wake" if x.at else "drop the wake",
    fx.Watch: lambda x: f"watch {x.underlying} for {number(x.move_bps)} bps",
    fx.Unwatch: lambda x: f"stop watching {x.underlying}",
    fx.Ranked: _ranked,
    fx.Marked: lambda x: (
        f"markout {x.horizon_s} s: {x.markout_bps:+.2f} bps with {x.counterparty}, after an edge of "
        f"{x.edge_bps:+.2f} bps"
    ),
    fx.Closed: lambda x: f"{x.rfq} ended: {x.outcome.value} ({x.reason})",
    fx.Quarantined: lambda x: f"{x.rfq} put aside after a fault in {x.where}",
    fx.StateTaken: lambda x: f"state {x.state[:12]} of {x.size} bytes",
    fx.KillSet: lambda x: f"kill switch {'on' if x.on else 'off'} by {x.by}",
    fx.Ignored: _ignored,
    fx.RefuseRfq: lambda x: f"pass to {x.to}: {x.reason}",
    fx.SendQuote: _send_quote,
    fx.WithdrawQuote: lambda x: f"withdraw our quote to {x.to}: {x.reason}",
    fx.ConfirmFill: lambda x: (
        f"confirm the fill to {x.to}: {x.fill.side.value} {number(x.fill.amount)} at {number(x.fill.price)}"
    ),
    fx.Booked: lambda x: (
        f"filled: {'bought' if x.fill.sign > 0 else 'sold'} {number(x.fill.amount)} at {number(x.fill.price)}"
        f" {'from' if x.fill.sign > 0 else 'to'} {x.fill.counterparty}"
    ),
    fx.RefuseAccept: lambda x: f"refuse the acceptance of {x.to}: {x.reason}",
    fx.AskDealer: lambda x: f"ask {x.to}",
    fx.WithdrawRfq: lambda x: f"tell {x.to} it is over: {x.reason}",
    fx.AcceptQuote: lambda x: f"accept {x.to}: {x.side.value} {number(x.amount)} at {number(x.price)}",
    fx.RefuseQuote: lambda x: f"refuse the quote of {x.to}: {x.reason}",
    fx.TellOutcome: lambda x: (
        f"tell {x.to}: {x.outcome.value}" + (f", cover {number(x.cover)}" if x.cover is not None else "")
    ),
}
