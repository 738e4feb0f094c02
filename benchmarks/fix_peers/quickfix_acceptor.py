"""A QuickFIX acceptor written in Python, as its users write one: file store, validation by dictionary, quotes.

    python quickfix_acceptor.py '{"port": 9878, "folder": "…", "dictionary": "…/FIX44.xml", "sessions": ["BENCH01"]}'

Runs under any interpreter that has `quickfix`; imports nothing of ours. It prints one line when it listens, and ends
when its input does. It reads every field that our own acceptor's typed message holds, as text, and turns only what it
prices into numbers, which is less than ours does. With "by_text" it is quicker than its users write it: see below.
"""

import contextlib
import json
import os
import sys
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import quickfix as fix  # type: ignore[import-not-found, unused-ignore]

ENTRY = (55, 167, 303, 537, 54, 38, 15, 1, 62, 126, 60)
LEG = (600, 602, 603, 609, 623, 624, 687)
PARTY = (448, 447, 452)
DESK = {448: "DESK-MAKER", 447: "D", 452: "35"}
TEXT = "good for the size of each of its legs now"
SETTINGS = """[DEFAULT]
ConnectionType=acceptor
BeginString=FIX.4.4
SenderCompID=DESK
SocketAcceptPort={port}
SocketReuseAddress=Y
SocketNodelay=Y
FileStorePath={folder}/store
StartTime=00:00:00
EndTime=00:00:00
HeartBtInt=30
PersistMessages=Y
ResetOnLogon=N
UseDataDictionary=Y
DataDictionary={dictionary}
TimestampPrecision=3
"""


def in_order(*tags: int) -> Any:
    """The order of a group's fields, as the engine wants to be told it."""
    order = fix.IntArray(len(tags) + 1)
    for at, tag in enumerate((*tags, 0)):
        order[at] = tag
    return order


LEG_ORDER, PARTY_ORDER = in_order(*LEG, 681, 684), in_order(*PARTY)


class Quoter(fix.Application):  # type: ignore[misc, unused-ignore]
    """Answers each quote request with a quote."""

    def __init__(self, by_text: Any = None) -> None:
        super().__init__()
        self._made, self._by_text = 0, by_text

    def onCreate(self, session: Any) -> None:
        """Nothing to do."""

    def onLogon(self, session: Any) -> None:
        """Nothing to do."""

    def onLogout(self, session: Any) -> None:
        """Nothing to do."""

    def toAdmin(self, sent: Any, session: Any) -> None:
        """Nothing to do."""

    def fromAdmin(self, heard: Any, session: Any) -> None:
        """Nothing to do."""

    def toApp(self, sent: Any, session: Any) -> None:
        """Nothing to do."""

    def fromApp(self, heard: Any, session: Any) -> None:
        """Read the request and answer it."""
        self._made += 1
        name = f"QT{self._made:010}"
        if self._by_text:
            answer = fix.Message(by_text(heard.toString(), name), self._by_text, False)
        else:
            answer = by_fields(heard, name)
        fix.Session.sendToTarget(answer, session)


def by_fields(heard: Any, name: str) -> Any:
    """The quote, read and written through the engine in its quickest way (plain groups, no classes of fields)."""
    group, leg, party = fix.Group(146, 55), fix.Group(555, 600), fix.Group(453, 448)
    request_id = heard.getField(131), heard.getField(58)
    heard.getGroup(1, group)
    entry = {tag: group.getField(tag) for tag in ENTRY}
    legs, parties = [], []
    for at in range(1, int(group.getField(555)) + 1):
        group.getGroup(at, leg)
        legs.append({tag: leg.getField(tag) for tag in LEG})
    for at in range(1, int(group.getField(453)) + 1):
        group.getGroup(at, party)
        parties.append({tag: party.getField(tag) for tag in PARTY})
    bids, offers, bid, offer = prices(legs)
    quote = fix.Message()
    quote.getHeader().setField(35, "S")
    for one in (*parties, DESK):
        told = fix.Group(453, 448, PARTY_ORDER)
        for tag, value in one.items():
            told.setField(tag, value)
        quote.addGroup(told)
    for one, leg_bid, leg_offer in zip(legs, bids, offers, strict=True):
        told = fix.Group(555, 600, LEG_ORDER)
        for tag in LEG:
            told.setField(tag, one[tag])
        told.setField(681, leg_bid)
        told.setField(684, leg_offer)
        quote.addGroup(told)
    now = time.time()
    for tag, value in (
        *(
            (131, request_id[0]),
            (117, name),
            (537, "1"),
            (55, entry[55]),
            (48, f"{entry[55]}-STRUCTURE-{entry[15]}"),
            (22, "8"),
        ),
        *((167, entry[167]), (38, entry[38]), (15, entry[15]), (1, entry[1]), (132, bid), (133, offer)),
        *((134, entry[38]), (135, entry[38]), (62, stamp(now + 10)), (60, stamp(now)), (40, "2"), (58, TEXT)),
    ):
        quote.setField(tag, value)
    return quote


def by_text(heard: str, name: str) -> str:
    """The quote, taken apart and put together as text by hand: the engine only frames, judges and stores."""
    fields = [field.partition("=")[::2] for field in heard.split("\x01")]
    root = dict(fields)
    starts = [at for at, (tag, _) in enumerate(fields) if tag == "600"]
    legs = [{int(tag): value for tag, value in fields[at : at + 10]} for at in starts]
    bids, offers, bid, offer = prices(legs)
    told = "".join(
        "".join([f"{tag}={one[tag]}\x01" for tag in LEG]) + f"681={leg_bid}\x01684={leg_offer}\x01"
        for one, leg_bid, leg_offer in zip(legs, bids, offers, strict=True)
    )
    maker = f"448={root['448']}\x01447={root['447']}\x01452={root['452']}\x01"
    desk = "".join(f"{tag}={value}\x01" for tag, value in DESK.items())
    now = time.time()
    return (
        f"8=FIX.4.4\x019=0\x0135=S\x01131={root['131']}\x01117={name}\x01537=1\x01453=2\x01{maker}{desk}"
        f"55={root['55']}\x0148={root['55']}-STRUCTURE-{root['15']}\x0122=8\x01167={root['167']}\x0138={root['38']}\x01"
        f"15={root['15']}\x011={root['1']}\x01555={len(legs)}\x01{told}132={bid}\x01133={offer}\x01"
        f"134={root['38']}\x01135={root['38']}\x0162={stamp(now + 10)}\x0160={stamp(now)}\x0140=2\x01"
        f"58={TEXT}\x0110=000\x01"
    )


def prices(legs: list[dict[int, str]]) -> tuple[list[str], list[str], str, str]:
    """Bids and offers of the legs, and of the whole: some sum of what was asked, so that no two quotes are alike."""
    bid = offer = 0.0
    bids, offers = [], []
    for one in legs:
        fair = 0.02 + int(one[602]) % 400 / 1e4
        sign = 1 if one[624] == "1" else -1
        bid, offer = bid + sign * fair - 0.0005, offer + sign * fair + 0.0005
        bids.append(f"{fair - 0.0005:.4f}")
        offers.append(f"{fair + 0.0005:.4f}")
    return bids, offers, f"{bid:.4f}", f"{offer:.4f}"


def stamp(at: float) -> str:
    """A UTCTimestamp with milliseconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%d-%H:%M:%S.%f")[:-3]


def version() -> str:
    """Which QuickFIX this is."""
    for name in ("quickfix", "quickfix-ssl"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            return f"{metadata.version(name)}"
    return "of an unknown version"


def main(asked: dict[str, Any]) -> None:
    """Listen until the input ends."""
    path = Path(asked["folder"]) / "acceptor.cfg"
    sessions = "".join(f"[SESSION]\nTargetCompID={name}\n" for name in asked["sessions"])
    path.write_text(SETTINGS.format(**asked) + sessions, encoding="utf-8")
    settings = fix.SessionSettings(str(path))
    quoter = Quoter(fix.DataDictionary(asked["dictionary"]) if asked.get("by_text") else None)
    store = fix.FileStoreFactory(settings)
    acceptor = fix.SocketAcceptor(quoter, store, settings)
    acceptor.start()
    print(json.dumps({"listening": asked["port"], "version": version()}), flush=True)
    sys.stdin.read()
    acceptor.stop()
    os._exit(0)  # its own tear-down at interpreter exit is not to be trusted


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
