"""The real desk as an engine for scripts: its clients in `maker/` and `brief/`, its dealers in `taker/`. CompIDs say
who is who. The market stands still; the two options expire in a month, and scripts call them BTC-LOW and BTC-HIGH."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from fix_links import Lines, until
from fix_script import Ask, Dial, no_wishes
from fix_setups import Setup, dialling
from msgspec.structs import replace

from benchmarks.lives import OUTRIGHT, PERPETUAL
from benchmarks.lives import market as one_market
from benchmarks.lives import policy as loose_policy
from pricing.instruments import Option
from pricing.market import MarketSnapshot
from pricing.structures import Leg, Structure
from rfq.audit.log import AuditLog
from rfq.audit.writer import GroupWriter
from rfq.desk.response import fall_back
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import ChainId, PartyId
from rfq.domain.parties import Party
from rfq.domain.policy import Policy
from rfq.domain.request import Ask as Asked
from rfq.domain.request import Side
from rfq.live.assembly import open_live
from rfq.live.fix_side import FixSide
from rfq.live.loop import Live
from rfq.ops.clock import SystemClock
from rfq.ops.fix_sections import Fix
from rfq.ops.schedule import RealSchedule

S = 1_000_000_000
DAY = 86_400 * S
CHAIN, PERSON = ChainId("desk"), PartyId("olga")
NAMES = {"LOW": "BTC-LOW", "HIGH": "BTC-HIGH"}


def session(name: str, **more: Any) -> dict[str, Any]:
    """A session; the peer's CompID is its name, and so is its party's, in small letters."""
    if not more.get("drop_copy") and "aliases" not in more:
        more = {"party": name.lower(), **more}
    return {"name": name, "peer_comp_id": name, "symbols": NAMES, **more}


CLIENTS = (
    session("ALPHA"),
    session("BETA", symbols={**NAMES, "BTC-PERPETUAL": "BTCUSD.P"}),
    session("GAMMA", cancel_on_disconnect=False),
    session("OLDER", dialect="fix44"),
    session("OLDEST", dialect="fix42"),
    session("FLAT", dialect="coinbase_flat"),
    session("BROKER", aliases={"ONE": "one", "TWO": "two"}),
    session("SELLER", asks=False, quotes=True),
    session("COPIES", drop_copy=True),
)
DEALERS = (
    *(session(name, asks=False, quotes=True) for name in ("DEALER-1", "DEALER-2")),
    session("OLDER", dialect="fix44", asks=False, quotes=True),
    session("OLDEST", dialect="fix42", asks=False, quotes=True),
    session("FLAT", dialect="coinbase_flat", asks=False, quotes=True),
    session("BRIEF", asks=False, quotes=True, quote_life_ms=60_000),
    session("TOLD", asks=False, quotes=True, acknowledges=True),
    session("TOLD-44", dialect="fix44", asks=False, quotes=True, acknowledges=True),
)


def _call(name: str, strike: int, expiry_at: int) -> Option:
    step, lot = Decimal("0.0001"), Decimal("0.1")
    return Option(
        name=name,
        underlying="BTC",
        quote_currency="BTC",
        settle_currency="BTC",
        inverse=True,
        contract_size=Decimal(1),
        tick=step,
        lot=lot,
        expiry_at=expiry_at,
        strike=Decimal(strike),
        call=True,
    )


@cache
def configured(who: str) -> Fix:
    """Reading how sessions speak takes a while, so it is done once."""
    return Fix(enabled=True, port=0, sessions=CLIENTS if who == "clients" else DEALERS)


class Desk:
    """What runs, in one life after the other on the same files; and the ports that a loop needs besides its wire."""

    def __init__(self, folder: Path, who: str, policy: Policy) -> None:
        self._folder, self._policy, self._who = folder, policy, who
        self._clock = SystemClock()
        self._expiry_at = self._clock.now() // DAY * DAY + 30 * DAY
        self.blind = False
        self.port = 0

    async def start(self) -> None:
        clock, path = self._clock, self._folder / "desk.db"
        where = {"port": self.port, "journal_folder": self._folder / "fix"}
        fix = configured(self._who).model_copy(update=where)
        self._log = AuditLog.open(path, writable=True, fsync=False)
        self._writer = GroupWriter(self._log, clock.now)
        self._side = FixSide(fix, CHAIN, path, clock.now, Lines(), {})
        options = (_call("LOW", 60_000, self._expiry_at), _call("HIGH", 65_000, self._expiry_at))
        opening = ev.ChainOpened(
            chain=CHAIN,
            build="scripts",
            policy=self._policy,
            instruments=(PERPETUAL, *options),
            parties=(Party(id=PERSON, may_operate=True), *self._side.parties),
        )
        self.live: Live = open_live(
            self._log,
            opening,
            journals=self._side.sent,
            writer=self._writer,
            schedule=RealSchedule(asyncio.get_running_loop(), clock),
            wire=self._side.counter,
            market=self,
            oracle=self,
        )
        self._side.attach(self.live)
        self.port = await self._side.open()

    async def stop(self) -> None:
        self.live.close_door()
        await until(lambda: self.live.idle or self.live.failure, "the loop is idle")
        self.live.finish()
        await self._side.close()
        self._writer.close()
        self._side.shut()
        self._log.close()

    # the ports

    def snapshot(self, underlying: str) -> tuple[MarketSnapshot, str, bytes] | None:
        if self.blind:
            return None
        now = self._clock.now()
        found = one_market(now - now % S, 60_000.0, self._expiry_at)
        raw = canon.encode(found)
        return found, canon.digest(raw), raw

    def watch(self, underlying: str, move_bps: float) -> None:
        """Prices stand still."""

    def unwatch(self, underlying: str) -> None:
        """Prices stand still."""

    def ask(self, effect: fx.Estimate) -> None:
        """The oracle knows nothing, at once."""
        estimates = fall_back(effect.row)
        self.live.offer(ev.Estimated(rfq=effect.rfq, model="none", estimates=estimates))

    # what scripts ask for

    async def wish(self, words: list[str]) -> None:
        match words:
            case ["blind" | "see"]:
                self.blind = words == ["blind"]
            case ["restart"]:
                await self.stop()
                await self.start()
            case ["need", name, *how]:
                self._need(name, how)
            case _:
                await no_wishes(words)

    def _need(self, name: str, how: list[str]) -> None:
        """A person wants something done: to buy, unless told otherwise."""
        side = Side.SELL if "sell" in how else Side.TWO_WAY if "two-way" in how else Side.BUY
        structure, amount = OUTRIGHT, Decimal(100_000)
        if "spread" in how:
            legs = (("LOW", 1), ("HIGH", -1)) if "credit" not in how else (("LOW", -1), ("HIGH", 1))
            structure = Structure(
                legs=tuple(Leg(instrument=leg, ratio=Decimal(ratio)) for leg, ratio in legs)
            )
            amount = Decimal(25)
        wanted = Asked(
            structure=structure,
            amount=amount,
            side=side,
            expires_at=self._clock.now() + S if "brief" in how else 0,
            anonymous="anonymous" in how,
        )
        self.live.offer(ev.NeedPosted(party=PERSON, reference=name, ask=wanted))


def desk(who: str, policy: Callable[[], Policy] = loose_policy) -> Setup:
    """A desk with these counterparties. `iDO blind` takes its market away, `iDO see` gives it back; `iDO need NAME`
    (and sell, two-way, spread, credit, anonymous, brief) makes it ask its dealers; `iDO restart` begins its next
    life."""

    @asynccontextmanager
    async def made(folder: Path) -> AsyncIterator[tuple[Dial, Ask]]:
        found = Desk(folder, who, policy())
        await found.start()
        try:
            async with dialling(found.port) as (dial, _):
                yield dial, found.wish
        finally:
            await found.stop()

    return made


def _brief() -> Policy:
    return replace(loose_policy(), quote_ttl_ms=800)


def _taking() -> Policy:
    """Decides after 1.2 s, or when every dealer has answered."""
    return replace(loose_policy(), auto_accept=True, collect_ms=1_200, accept_timeout_ms=1_500)


DESK_SETUPS: dict[str, Setup] = {
    "maker": desk("clients"),
    "brief": desk("clients", _brief),
    "taker": desk("dealers", _taking),
}
