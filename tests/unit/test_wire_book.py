"""What the wire remembers, what it reads again from the log, and how quotes stand."""

from pathlib import Path

from driver import CHAIN, CLIENT, DEALERS, Driver, ask, picked, the
from live_world import World, quoting
from wire_words import NOW, THEM, US, S, Side, quote

from fix_gateway.dialect import FIX50SP2
from fix_gateway.messages.words import QuoteStatus
from rfq.audit.log import AuditLog
from rfq.audit.writer import InlineWriter
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import ChainId, PartyId, RfqId
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.record import decode_record
from rfq.domain.request import Role
from rfq.domain.request import Side as Way
from rfq.live.recall import Recall
from rfq.wire.book import ROOM, Book
from rfq.wire.standing import Standings


class Log:
    """The records of a driver's desk, and how often they were looked at."""

    def __init__(self, desk: Driver) -> None:
        self.desk = desk
        self.looks = 0

    def __call__(self, number: int) -> tuple[ev.Event, tuple[fx.Effect, ...]] | None:
        self.looks += 1
        if number > len(self.desk.bodies):
            return None
        record = decode_record(self.desk.bodies[number - 1])
        return record.event, record.effects


def test_what_is_forgotten_is_read_again_by_the_record_that_an_id_names() -> None:
    desk = Driver()
    rfq = the(desk(ev.RfqReceived(party=CLIENT, reference="mine", ask=ask())), fx.Estimate).rfq
    log = Log(desk)
    book = Book(CHAIN, log)
    found = book.request(rfq)
    assert found is not None and (found.role, found.party, found.reference) == (Role.MAKER, CLIENT, "mine")
    assert book.request(rfq) is found and log.looks == 1, "then it is remembered"
    for other in ("", "mine", "other-r3-0", f"{CHAIN}-r-0", f"{CHAIN}-rzz-0", rfq + "x"):
        assert book.request(other) is None
    assert log.looks == 1, "only an id of ours is looked for"
    assert book.request(f"{CHAIN}-rffff-0") is None and log.looks == 2
    assert not book.was_asked(DEALERS[0], rfq), "it is a client's request"


def test_a_dealer_was_asked_or_was_not_also_after_a_restart() -> None:
    desk = Driver()
    rfq = desk.need()
    panel = desk.desk.state.cards[rfq].panel
    book = Book(CHAIN, Log(desk))
    assert book.was_asked(panel[0], rfq)
    assert not book.was_asked(PartyId("nobody"), rfq)
    accepts = [one for dealer in panel for one in picked(desk.offer(dealer, rfq, "60001"), fx.AcceptQuote)]
    found = Book(CHAIN, Log(desk)).acceptance(accepts[0].accept)
    assert found == accepts[0]


def test_the_book_is_bounded() -> None:
    book = Book(ChainId("x"))
    side = Side(US, THEM, FIX50SP2)
    for number in range(ROOM + 10):
        book.learn(ev.TimerFired(rfq=RfqId("r")), (side.offer(quote("r", f"q{number}"), "ref"),))
    assert book.offer("q9") is None and book.offer(f"q{ROOM + 9}") is not None


def test_how_quotes_stand() -> None:
    standings, side = Standings(), Side(US, THEM, FIX50SP2)
    first, second = side.offer(quote("r", "q1"), "ref"), side.offer(quote("r", "q2", replaces="q1"), "ref")
    assert standings.of(first, NOW) is QuoteStatus.CANCELED, "what has not left does not stand"
    standings.left(first)
    assert standings.of(first, NOW) is QuoteStatus.ACTIVE
    assert standings.of(first, NOW + 10 * S) is QuoteStatus.EXPIRED, "at its end it is over"
    standings.left(second)
    assert standings.of(first, NOW) is QuoteStatus.CANCELED
    standings.heard(ev.RfqCancelled(party=US, reference="ref"))
    assert standings.of(second, NOW) is QuoteStatus.ACTIVE, "that is another's request"
    standings.heard(ev.RfqCancelled(party=THEM, reference="ref"))
    assert standings.of(second, NOW) is QuoteStatus.CANCELED
    third = side.offer(quote("r3", "q3"), "ref3")
    standings.left(third)
    closed = fx.Closed(rfq=RfqId("r3"), party=THEM, outcome=Outcome.DONE, reason=Reason(code=Code.TRADED))
    standings.observe((closed,))
    assert standings.of(third, NOW) is QuoteStatus.CANCELED
    fourth = side.offer(quote("r4", "q4"), "ref4")
    standings.left(fourth)
    standings.heard(ev.OutcomeHeard(party=THEM, quote=fourth.quote.id, outcome=Outcome.COVER))
    assert standings.of(fourth, NOW) is QuoteStatus.CANCELED
    standings.left(
        fx.WithdrawQuote(to=THEM, rfq=RfqId("r4"), quote=fourth.quote.id, reason=Reason(code=Code.USER))
    )
    assert standings.of(fourth, NOW) is QuoteStatus.CANCELED


def test_records_are_read_while_the_log_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with AuditLog.open(path, writable=True, fsync=False) as log:
        world = World(writer=InlineWriter(log, batch=1)).begin()
        quoting(world)
        world.run()
        recall = Recall(path)
        offer = world.left[-1].quote
        made = recall(int(offer.id.split("-q")[1].split("-")[0], 16))
        assert made is not None and picked(made[1], fx.SendQuote)[0].quote == offer
        assert list(recall.fills_after((0, 0))) == [] and recall(99_999) is None
        for _ in range(2):
            accept = ev.AcceptReceived(
                party=CLIENT, quote=offer.id, reference="x", side=Way.BUY, amount=offer.offer_amount
            )
            world.live.offer(accept)
            world.run()
        confirmed = [one for one in world.left if isinstance(one, fx.ConfirmFill)]
        assert [one.again for one in confirmed] == [False, True]
        ((number, index, effect),) = recall.fills_after((0, 0))
        assert effect == confirmed[0], "a confirmation that only says one again is no fill"
        assert list(recall.fills_after((number, index))) == []
        assert list(recall.fills_after((number, index - 1))) == [(number, index, effect)]
        recall.close()
