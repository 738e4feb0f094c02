"""The FIX gateway as it is configured: journals, sessions, the acceptor and the initiators, around one counter.

The journals are opened first, because a desk that comes up again must know from them what was sent; the sessions are
connected last, when there is a loop to offer events to.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.values import timestamp_ns
from fix_gateway.dialect import Dialect
from fix_gateway.journal.commit import Committer
from fix_gateway.journal.journal import Journal
from fix_gateway.session.session import Session
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.store import Kept
from fix_gateway.shell.acceptor import Acceptor, Door, Seat, networks
from fix_gateway.shell.connection import Application, Link
from fix_gateway.shell.initiator import Initiator, Place, addresses
from fix_gateway.shell.ports import LinkSettings, Rate, Scribe
from fix_gateway.shell.secure import Tls, acceptor_context, initiator_context
from fix_gateway.shell.wirelog import LoggedDecoder, LogThread, WireLog
from rfq.domain import canon
from rfq.domain.events import SentMark
from rfq.domain.ids import ChainId, PartyId
from rfq.domain.parties import Party
from rfq.ops.fix_sections import Fix, FixSession, FixTls, passwords_of
from rfq.wire.departures import parse_copy_id, parse_effect_id
from rfq.wire.peers import Peer
from rfq.wire.symbols import Symbols

Now = Callable[[], int]
REPLAYED: Final = frozenset({"8", "9", "AE", "AG", "AI", "Z", "b", "j"})
"""What is sent again when a peer asks: facts. Requests, quotes and acceptances would be stale."""
DRAIN_S: Final = 2.0


class Journals:
    """What each session remembers, opened."""

    def __init__(self, fix: Fix, now: Now) -> None:
        """Raises JournalError."""
        self.committer = Committer() if fix.durability == "fsync" and fix.sessions else None
        self.stores: dict[str, Journal] = {}
        if fix.sessions:
            fix.journal_folder.mkdir(parents=True, exist_ok=True)
        for one in fix.sessions:
            self.stores[one.name] = Journal.open(
                journal_path(fix, one.name), durability=fix.durability, now=now(), committer=self.committer
            )

    def sent(self, chain: ChainId) -> list[SentMark]:
        """The effects of this chain that left, as far as the journals go back."""
        marks = []
        for store in self.stores.values():
            for kept in store.tags():
                found = parse_effect_id(kept.tag.decode("latin-1"))
                if found is not None and found[0] == chain:
                    marks.append(_mark(kept, found[1], found[2]))
        return marks

    def copied(self, name: str, chain: ChainId) -> tuple[int, int] | None:
        """The newest fill of this chain that a drop copy session was told of."""
        found = [parse_copy_id(kept.tag.decode("latin-1")) for kept in self.stores[name].tags()]
        return max((one[1:] for one in found if one is not None and one[0] == chain), default=None)

    def close(self) -> None:
        """A clean stop."""
        for store in self.stores.values():
            store.close()
        if self.committer is not None:
            self.committer.close()


def journal_path(fix: Fix, name: str) -> Path:
    """Where the journal of a session is."""
    return fix.journal_folder / f"{name}.journal"


def _mark(kept: Kept, number: int, index: int) -> SentMark:
    """When it left stands in the message itself (52)."""
    sending = kept.raw.partition(b"\x0152=")[2].partition(b"\x01")[0]
    return SentMark(number=number, index=index, at=timestamp_ns(sending), raw=canon.digest(kept.raw))


def peers_of(fix: Fix) -> list[Peer]:
    """Who is behind each session."""
    return [
        Peer(
            name=one.name,
            party=PartyId(one.party) if one.party else None,
            aliases={name: PartyId(party) for name, party in one.aliases.items()},
            symbols=Symbols(one.symbols),
            quote_life_ms=one.quote_life_ms,
            acknowledges=one.acknowledges,
            drop_copy=one.drop_copy,
        )
        for one in fix.sessions
    ]


def parties_of(fix: Fix) -> tuple[Party, ...]:
    """What the desk must know of them."""
    return tuple(
        Party(
            id=PartyId(party),
            may_ask=one.asks,
            may_quote=one.quotes,
            cancel_on_disconnect=one.cancel_on_disconnect,
        )
        for one in fix.sessions
        for party in one.parties
    )


def dialects_of(fix: Fix) -> dict[str, Dialect]:
    """How each session speaks; sessions that speak alike share what was compiled for it."""
    made: dict[str, Dialect] = {}
    found = {}
    for one in fix.sessions:
        key = f"{one.dialect} {one.changes!r}"
        if key not in made:
            made[key] = one.speaks
        found[one.name] = made[key]
    return found


class Gateway:
    """All sessions of a configuration."""

    def __init__(
        self,
        fix: Fix,
        journals: Journals,
        application: Application,
        dialects: Mapping[str, Dialect],
        now: Now,
        scribe: Scribe,
        env: Mapping[str, str],
    ) -> None:
        """Raises ConfigInvalid, OSError or ssl.SSLError if what the configuration names is not there."""
        self._fix, self._journals = fix, journals
        self._now, self._scribe = now, scribe
        self._thread = LogThread() if fix.log_folder is not None and fix.sessions else None
        self._logs: list[WireLog] = []
        self._decoders: dict[int, Decoder] = {}
        self.links: dict[str, Link] = {}
        self._seats: dict[tuple[str, str, str], Seat] = {}
        self._initiators: list[Initiator] = []
        passwords = passwords_of(fix, env)
        for one in fix.sessions:
            self._add(one, application, dialects[one.name], passwords[one.name])
        tls = acceptor_context(_tls(fix.tls)) if fix.tls is not None else None
        door = Door(
            host=fix.host,
            port=fix.port,
            tls=tls,
            allowed=networks(fix.allowed),
            guests_max=fix.guests_max,
        )
        self._acceptor = Acceptor(door, self._find, now, scribe)
        self.port = 0

    async def open(self) -> int:
        """Listen and connect; returns the port."""
        self.port = await self._acceptor.open()
        for initiator in self._initiators:
            initiator.open()
        return self.port

    async def close(self, text: str = "") -> None:
        """Say goodbye to everybody; then nothing is written any more."""
        await asyncio.gather(
            self._acceptor.close(text, DRAIN_S), *(one.close(text, DRAIN_S) for one in self._initiators)
        )
        for log in self._logs:
            log.flush()
        if self._thread is not None:
            self._thread.close()
        for log in self._logs:
            log.close()

    def _find(self, begin: str, sender: str, target: str) -> Seat | None:
        return self._seats.get((begin, sender, target))

    def _add(self, one: FixSession, application: Application, dialect: Dialect, password: str) -> None:
        store = self._journals.stores[one.name]
        log = self._log(one)
        decoder = self._decoder(dialect)
        session = Session(
            _session_settings(one, self._fix, dialect, password),
            store,
            decoder if log is None else LoggedDecoder(decoder.decode, log, self._now),
        )
        link = Link(
            session,
            application,
            self._now,
            self._scribe,
            settings=LinkSettings(
                rate=Rate(
                    per_s=one.rate_per_s,
                    burst=one.rate_burst,
                    then=one.rate_then,
                    reason=one.rate_reason,
                ),
                timetable=one.opens,
            ),
            committer=self._journals.committer,
            log=log,
        )
        self.links[one.name] = link
        if one.role == "initiator":
            tls = initiator_context(_tls(one.tls)) if one.tls is not None else None
            server = one.tls.server_name if one.tls is not None else ""
            place = Place(addresses=addresses(one.connect), tls=tls, server_name=server)
            self._initiators.append(Initiator(link, place, self._now, self._scribe))
        else:
            seat = Seat(link=link, allowed=networks(one.allowed), certificate=one.certificate)
            own = one.comp_id or self._fix.comp_id
            self._seats[dialect.begin, one.peer_comp_id, own] = seat

    def _log(self, one: FixSession) -> WireLog | None:
        if self._fix.log_folder is None or self._thread is None:
            return None
        path = self._fix.log_folder / f"{one.name}.log"
        fix = self._fix
        log = WireLog(path, one.name, self._thread, bytes_max=fix.log_bytes_max, keep=fix.log_keep)
        self._logs.append(log)
        return log

    def _decoder(self, dialect: Dialect) -> Decoder:
        found = self._decoders.get(id(dialect))
        if found is None:
            found = Decoder(dialect.dictionary, user_defined=dialect.user_defined)
            self._decoders[id(dialect)] = found
        return found


def _session_settings(one: FixSession, fix: Fix, dialect: Dialect, password: str) -> SessionSettings:
    return SessionSettings(
        name=one.name,
        begin=dialect.begin,
        appl=dialect.appl,
        sender=one.comp_id or fix.comp_id,
        target=one.peer_comp_id,
        initiator=one.role == "initiator",
        heartbeat_s=one.heartbeat_s,
        heartbeat_s_min=min(one.heartbeat_s_min, one.heartbeat_s),
        heartbeat_s_max=max(one.heartbeat_s_max, one.heartbeat_s),
        reset_on_logon=one.reset_on_logon,
        next_expected=one.next_expected,
        tolerance_ms=one.tolerance_ms,
        stamp_digits=one.stamp_digits,
        replay=REPLAYED,
        username=one.username,
        password=password,
    )


def _tls(section: FixTls) -> Tls:
    return Tls(
        certificate=section.certificate,
        key=section.key,
        authorities=section.authorities,
        server_name=section.server_name,
    )
