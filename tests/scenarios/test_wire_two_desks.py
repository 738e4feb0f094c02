"""Two desks of ours facing each other over FIX: one needs something done and calls the other, which makes a price. With
TLS and client certificates, in both versions, and on journals that wait for the disk."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fix_links import Authority, play
from wire_desk import HIGH, LOW, PERPETUAL, desk_on_wire, session

from fix_gateway.shell.secure import Tls
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.outcome import Outcome

D = Decimal


@pytest.mark.parametrize("dialect", ["fix50sp2", "fix44"])
@pytest.mark.parametrize("spread", [False, True], ids=["one", "spread"])
def test_a_need_of_one_desk_is_done_by_the_other(dialect: str, spread: bool, tmp_path: Path) -> None:
    play(deal(tmp_path, {"dialect": dialect}, spread, maker={}, taker={}))


def test_with_certificates_on_both_sides_and_journals_that_wait_for_the_disk(tmp_path: Path) -> None:
    ours = Authority(tmp_path, "house")
    shown, asking = ours.issue("localhost"), ours.issue("taker")
    maker = {"durability": "fsync", "tls": words(shown)}
    taker = {"tls": {**words(asking), "server_name": "localhost"}}
    play(deal(tmp_path, {}, False, maker=maker, taker=taker))


def words(tls: Tls) -> dict[str, Any]:
    """As the settings say it."""
    return {"certificate": tls.certificate, "key": tls.key, "authorities": tls.authorities}


async def deal(
    folder: Path, both: dict[str, Any], spread: bool, *, maker: dict[str, Any], taker: dict[str, Any]
) -> None:
    (folder / "maker").mkdir()
    (folder / "taker").mkdir()
    client = session("TAKER", party="client-desk", **both)
    async with desk_on_wire(folder / "maker", client, comp_id="MAKER", **maker) as there:
        dealer = session(
            "MAKER",
            party="dealer-desk",
            comp_id="TAKER",
            role="initiator",
            connect=(f"127.0.0.1:{there.port}",),
            asks=False,
            quotes=True,
            **both,
            **taker,
        )
        async with desk_on_wire(folder / "taker", dealer) as here:
            await here.until(lambda: here.live.desk.state.sessions, "the dealer is there")
            here.need("n1", spread=spread)
            await here.until(lambda: here.effects(fx.Closed), "it is done")
            assert [one.outcome for one in here.effects(fx.Closed)] == [Outcome.DONE]
            (booked,), (sold,) = here.effects(fx.Booked), there.effects(fx.ConfirmFill)
            assert (booked.fill.price, booked.fill.amount) == (sold.fill.price, sold.fill.amount)
            assert booked.fill.reference == sold.fill.id and sold.fill.reference == booked.fill.accept
            held, owed = here.live.desk.state.positions, there.live.desk.state.positions
            assert held == {name: -amount for name, amount in owed.items()}
            assert set(held) == ({LOW.name, HIGH.name} if spread else {PERPETUAL.name})
            if both.get("dialect") != "fix44":  # which has a status for it: good, and nothing to be done
                await there.until(lambda: there.events(ev.OutcomeHeard), "the maker is told how it ended")
