"""The terminal view: fed by hand and by a simulated world, drawn at several sizes, held against the desk."""

import io
from collections.abc import Iterator
from decimal import Decimal

import pytest
from rich.console import Console

from pricing.quoting import Line, QuotePrice
from pricing.structures import Hedge, Leg, Structure
from rfq.audit import queries
from rfq.audit.log import AuditLog
from rfq.cli.board import Board, FillLine, notable
from rfq.cli.view import View
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.fills import Fill
from rfq.domain.ids import AcceptId, FillId, PartyId, QuoteId, RfqId
from rfq.domain.lifecycle import QuoteState
from rfq.domain.outcome import Outcome
from rfq.domain.quote import Quote
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Ask, Role, Side
from rfq.sim.population import DEMO_RATES
from rfq.sim.run import advance, finish
from rfq.sim.world import World, build_world

AT = 1_700_000_000_000_000_000
NS = 1_000_000_000
SPREAD = Structure(
    legs=(
        Leg(instrument="BTC-27DEC24-60000-C", ratio=Decimal(1)),
        Leg(instrument="BTC-27DEC24-65000-C", ratio=Decimal(-2)),
    ),
    hedges=(Hedge(instrument="BTC-PERPETUAL", ratio=Decimal(-30), price=Decimal(60000)),),
)
ASK = Ask(structure=SPREAD, amount=Decimal(10), side=Side.BUY)
MAKER, TAKER = RfqId("d1-r1-0"), RfqId("d1-r2-0")
CLIENT, DEALER, OTHER = PartyId("client-01"), PartyId("dealer-01"), PartyId("dealer-02")


class Feeder:
    """Numbers and stamps what a board is fed with, a tenth of a second apart."""

    def __init__(self) -> None:
        self.board = Board()
        self.number = 0
        self.lines: list[str] = []

    def feed(self, event: ev.Event, *effects: fx.Effect) -> None:
        self.number += 1
        at = AT + self.number * NS // 10
        stamped = ev.Stamped(number=self.number, at=at, received_at=at, event=event)
        self.board.observe(stamped, effects)
        self.lines += notable(self.board, stamped, effects)


def estimate(rfq: RfqId) -> fx.Estimate:
    from models.features import MISSING, SCHEMA_HASH
    from rfq.domain.row import FeatureRow

    return fx.Estimate(rfq=rfq, row=FeatureRow(schema=SCHEMA_HASH, values=MISSING), deadline_at=AT)


def rank_row(quote: str, dealer: PartyId, price: str, percentile: float, why: str) -> fx.RankRow:
    return fx.RankRow(
        quote=QuoteId(quote),
        dealer=dealer,
        price=Decimal(price),
        amount=Decimal(10),
        cost_bps=1.25,
        percentile=percentile,
        record_bps=0.0,
        score_bps=1.25,
        left_ms=4_200,
        why=why,
    )


@pytest.fixture
def canned() -> Feeder:
    """One life as maker and one as taker."""
    feeder = Feeder()
    feeder.feed(ev.RfqReceived(party=CLIENT, reference="c1", ask=ASK), estimate(MAKER))
    price = QuotePrice(
        offer=Decimal("0.0165"),
        offer_lines=tuple(
            Line(name=name, amount=Decimal(amount), unit="BTC")
            for name, amount in (
                ("fair", "0.0160"),
                ("fees", "0.00005"),
                ("funding", "-0.00001"),
                ("hedge", "0.00014"),
                ("doubt", "0.00002"),
                ("skew", "-0.0001"),
                ("edge", "0.0003"),
                ("tick", "0.0001"),
            )
        ),
        fair=Decimal("0.0160"),
    )
    quote = Quote(
        id=QuoteId("d1-q1-0"),
        rfq=MAKER,
        maker=PartyId("desk"),
        reference="d1-q1-0",
        state=QuoteState.ACTIVE,
        received_at=AT,
        expires_at=AT + 5 * NS,
        offer=Decimal("0.0165"),
        offer_amount=Decimal(10),
    )
    feeder.feed(
        ev.Estimated(rfq=MAKER, model="baseline"),
        fx.SendQuote(
            to=CLIENT,
            reference="c1",
            quote=quote,
            price=price,
            model="baseline",
            policy="p",
            not_after_at=AT,
            fallback=True,
        ),
    )
    ask_dealers = [
        fx.AskDealer(to=one, rfq=TAKER, ask=ASK, expires_at=AT + 30 * NS, not_after_at=AT + 30 * NS)
        for one in (DEALER, OTHER)
    ]
    feeder.feed(
        ev.NeedPosted(party=PartyId("trader"), reference="n1", ask=ASK), estimate(TAKER), *ask_dealers
    )
    first = rank_row("d1-q4-0", DEALER, "0.0170", 0.2, "cheap")
    second = rank_row("d1-q5-0", OTHER, "0.0180", 0.95, "very dear")
    for dealer, rows in ((OTHER, (second,)), (DEALER, (first, second))):
        feeder.feed(
            ev.QuoteReceived(dealer=dealer, rfq=TAKER, reference="x", expires_at=AT, offer=Decimal("0.0170")),
            fx.Ranked(rfq=TAKER, fair=Decimal("0.0160"), model="baseline", policy="p", rows=rows),
        )
    return feeder


def trade(feeder: Feeder) -> None:
    """The taker's best quote is accepted, filled, and marked out."""
    accept = AcceptId("d1-a6-0")
    feeder.feed(
        ev.TimerFired(rfq=TAKER),
        fx.AcceptQuote(
            to=DEALER,
            rfq=TAKER,
            quote=QuoteId("d1-q4-0"),
            reference="x",
            accept=accept,
            side=Side.BUY,
            amount=Decimal(10),
            price=Decimal("0.0170"),
            not_after_at=AT + NS,
        ),
    )
    report = ev.FillReported(
        dealer=DEALER, accept=accept, reference="e1", amount=Decimal(10), price=Decimal("0.0170")
    )
    closed = fx.Closed(
        rfq=TAKER, party=PartyId("trader"), outcome=Outcome.DONE, reason=Reason(code=Code.TRADED)
    )
    booked = Fill(
        id=FillId("d1-f7-0"),
        rfq=TAKER,
        quote=QuoteId("d1-q4-0"),
        accept=accept,
        role=Role.TAKER,
        counterparty=DEALER,
        side=Side.BUY,
        amount=Decimal(10),
        price=Decimal("0.0170"),
        fair=Decimal("0.0169"),
        reference="e1",
        at=AT,
    )
    feeder.feed(report, fx.Booked(fill=booked), closed)
    feeder.feed(report, fx.Ignored(reason=Reason(code=Code.ALREADY_FILLED)))
    feeder.feed(
        ev.TimerFired(rfq=TAKER),
        fx.Marked(
            rfq=TAKER,
            fill=FillId("d1-f7-0"),
            counterparty=DEALER,
            horizon_s=1,
            markout_bps=2.5,
            edge_bps=-1.25,
        ),
    )


def plain(view: View, now: int, width: int, height: int) -> list[str]:
    """What a terminal of that size shows, line by line."""
    out = Console(file=io.StringIO(), width=width, height=height, record=True, force_terminal=True)
    out.print(view.render(now, width, height, "ab" * 32))
    return out.export_text().splitlines()


@pytest.mark.parametrize(
    ("width", "height"), [(80, 24), (80, 40), (100, 30), (120, 24), (140, 40), (220, 60)]
)
def test_the_screen_is_exactly_as_large_as_the_terminal(canned: Feeder, width: int, height: int) -> None:
    for now in (0, AT, AT + NS):
        lines = View(canned.board, "rfq demo").render(now, width, height, "ab" * 32).split("\n")
        assert len(lines) == height
        assert {line.cell_len for line in lines} == {width}
    empty = View(Board(), "rfq demo").render(AT, width, height).split("\n")
    assert len(empty) == height


@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 40)])
def test_everything_is_on_the_screen(canned: Feeder, width: int, height: int) -> None:
    view = View(canned.board, "rfq demo")
    text = "\n".join(plain(view, AT + NS, width, height))
    assert "log record 5" in text
    assert "abababababab" in text
    assert "buy 10 BTC-27DEC24" in text
    assert "BTC-27DEC24 60000-C - 2 x" in text
    assert "closed form" in text
    heads = next(line.split()[:3] for line in text.splitlines() if "= wire" in line)
    assert heads == ["BTC", "fair", "costs"]
    fair, costs, skew, edge, tick, wire = next(
        line.partition("│")[0].split()[1:] for line in text.splitlines() if line.startswith("offer")
    )
    assert Decimal(costs) == Decimal("0.0002")  # four lines that do not fit beside the others
    assert Decimal(fair) + sum(Decimal(step) for step in (costs, skew, edge, tick)) == Decimal(wire)
    assert "1 dealer-01     0.0170   +1.2 ██░░░░░░  20% " in text
    assert "cheap (4 s left)" in text
    assert "████████  95%" in text
    trade(canned)
    text = "\n".join(plain(view, AT + NS, width, height))
    assert "✓ dealer-01" in text
    assert "[done]" in text
    bought = next(line for line in text.splitlines() if "bought 10" in line)
    assert bought.partition("0.0170")[2].split()[:2] == ["-1.2", "+2.5"]
    assert "BTC-PERPETUAL" in text and "-300" in text


def test_the_countdown_counts_down(canned: Feeder) -> None:
    shown = ["29.0s", "10.5s", "0.0s"]
    for now, left in zip((AT + NS, AT + 19 * NS + NS // 2, AT + 99 * NS), shown, strict=True):
        assert any(left in line for line in plain(View(canned.board, "x"), now, 140, 40)), left


def test_a_fill_is_booked_once_and_its_markout_finds_it(canned: Feeder) -> None:
    trade(canned)
    board = canned.board
    assert board.counts["taker"] == 1
    (fill,) = board.fills
    assert (fill.bought, fill.marks, fill.edge_bps) == (True, {1: 2.5}, -1.25)
    assert board.positions == {
        "BTC-27DEC24-60000-C": Decimal(10),
        "BTC-27DEC24-65000-C": Decimal(-20),
        "BTC-PERPETUAL": Decimal(-300),
    }


def test_the_fills_on_the_board_are_the_newest_and_some_with_markouts() -> None:
    board = Board()
    assert board.newest_fills(3) == []
    for place in range(9):
        board.fills.append(
            FillLine(
                id=f"f{place}",
                at=place,
                role=Role.MAKER,
                counterparty="c",
                side=Side.BUY,
                amount=Decimal(1),
                what="x",
                price=Decimal(1),
                marks={horizon: 0.5 for horizon, before in ((1, 4), (10, 2)) if place < before},
            )
        )
    assert [one.id for one in board.newest_fills(3)] == ["f8", "f3", "f1"]
    assert [one.id for one in board.newest_fills(5)] == ["f8", "f7", "f6", "f3", "f1"]
    assert [one.id for one in board.newest_fills(9)] == [f"f{place}" for place in range(8, -1, -1)]


def test_a_price_stays_long_enough_to_be_read(canned: Feeder) -> None:
    view = View(canned.board, "x")
    plain(view, AT + NS, 80, 24)
    other = RfqId("d1-r9-0")
    line = canned.board.rfqs[MAKER]
    canned.feed(ev.RfqReceived(party=PartyId("client-99"), reference="c9", ask=ASK), estimate(other))
    canned.board.rfqs[other].price, canned.board.rfqs[other].price_at = line.price, AT + 2 * NS
    assert any("OUR PRICE (closed form) for client-01" in one for one in plain(view, AT + 3 * NS, 80, 24))
    assert any("OUR PRICE for client-99" in one for one in plain(view, AT + 5 * NS, 80, 24))


def test_without_a_screen_there_is_a_line_for_each_notable_thing(canned: Feeder) -> None:
    trade(canned)
    lines = "\n".join(canned.lines)
    for words in (
        "quote to client-01: offer 0.0165, by the closed form",
        "we want: buy 10 BTC-27DEC24 60000-C",
        "2 dealers asked",
        "2 ranked; best dealer-01 at 0.0170",
        "accept dealer-01: buy 10 at 0.0170",
        "filled: bought 10 at 0.0170 from dealer-01",
    ):
        assert words in lines, words
    assert len(canned.lines) == 6


def world() -> Iterator[tuple[World, Board]]:
    with AuditLog.open(":memory:", writable=True) as log:
        made = build_world(5, log=log, rates=DEMO_RATES)
        board = Board()
        made.live.observe(board.observe)
        yield made, board


def test_a_whole_world_on_the_board() -> None:
    for made, board in world():
        view = View(board, "rfq demo")
        for _ in range(30):
            advance(made, 3)
            for width, height in ((80, 24), (140, 40)):
                lines = view.render(made.schedule.now(), width, height).split("\n")
                assert len(lines) == height
                assert {line.cell_len for line in lines} == {width}
        held = {name: amount for name, amount in made.live.desk.state.positions.items() if amount}
        assert {name: amount for name, amount in board.positions.items() if amount} == held
        finish(made, 90)
        counts = queries.counts(made.log)
        assert board.counts["maker"] == counts["fills_maker"] > 5
        assert board.counts["taker"] == counts["fills_taker"] > 5
        assert board.counts["quotes sent"] == counts["quotes_made"]
        assert board.number == counts["records"]


def test_roles_are_told_apart(canned: Feeder) -> None:
    now = AT + NS
    assert [one.id for one in canned.board.open_rfqs(Role.MAKER, now)] == [MAKER]
    assert [one.id for one in canned.board.open_rfqs(Role.TAKER, now)] == [TAKER]
