"""A QuickFIX counterparty in a process of its own: told what to do, and telling what it saw, by JSON lines.

    python quickfix_peer.py '{"role": "initiator", "begin": "FIX.4.4", "port": 9878, "sender": "QF", "target": "US",
                              "folder": "…", "dictionaries": {"DataDictionary": "…"}}'

Only the standard library and `quickfix` are imported, so any interpreter that has a QuickFIX can run it. The engine
ends the process when a callback of ours raises, so no callback does: each takes notes and returns.

Orders on stdin: {"do": "send", "kind": "D", "first": 1, "count": 10, "pause_ms": 0} · {"do": "logout"} · {"do":
"logon"} · {"do": "report"} · {"do": "stop"}. On stdout: {"event": "ready" | "logon" | "logout" | "report" | "refused" |
"stopped", …}; "refused" is a message that one side's validation turned away.
"""

import json
import os
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import quickfix as fix  # type: ignore[import-not-found, unused-ignore]

SOH = "\x01"
IDS = {"D": "11", "R": "131", "S": "117", "8": "17", "AJ": "693", "E": "164", "B": "148", "C": "164"}


def stamp() -> str:
    """Now, as TransactTime wants it."""
    return datetime.now(UTC).strftime("%Y%m%d-%H:%M:%S.%f")[:-3]


def order(name: str) -> list[tuple[int, str]]:
    """A new order whose ClOrdID is its number."""
    return [
        (11, name),
        (55, "BTC-PERPETUAL"),
        (54, "1"),
        (60, stamp()),
        (38, "10"),
        (40, "2"),
        (44, "64250.5"),
    ]


def request(name: str) -> list[tuple[int, str]]:
    """A quote request for one instrument whose QuoteReqID is its number; the group is added by `message`."""
    return [(131, name)]


def in_order(*tags: int) -> Any:
    """The order of a group's fields, which the engine must be told; else it sorts them, which is not valid."""
    order = fix.IntArray(len(tags) + 1)
    for at, tag in enumerate((*tags, 0)):
        order[at] = tag
    return order


BUILDERS = {"D": order, "R": request}


def message(kind: str, name: str) -> Any:
    """One numbered message."""
    built = fix.Message()
    built.getHeader().setField(fix.MsgType(kind))
    for tag, value in BUILDERS[kind](name):
        built.setField(fix.StringField(tag, value))
    if kind == "R":
        entry = fix.Group(146, 55, in_order(55, 54, 38, 60))
        for tag, value in ((55, "ETH-PERPETUAL"), (54, "2"), (38, "250"), (60, stamp())):
            entry.setField(fix.StringField(tag, value))
        built.addGroup(entry)
    return built


def identity(text: str) -> tuple[str, str]:
    """MsgType and the id that numbers it, of a message as text."""
    fields = [field.partition("=") for field in text.split(SOH)]
    kind = next((value for tag, _, value in fields if tag == "35"), "")
    wanted = IDS.get(kind, "")
    return kind, next((value for tag, _, value in fields if tag == wanted), "")


class Peer(fix.Application):  # type: ignore[misc, unused-ignore]
    """Notes of everything that went by. Nothing in here may raise."""

    def __init__(self) -> None:
        super().__init__()
        self.session: Any = None
        self.logons = self.logouts = 0
        self.taken: list[str] = []
        self.others: dict[str, int] = {}
        self.refusals: list[str] = []
        self._lock = threading.Lock()

    def tell(self, event: str, **more: Any) -> None:
        """One line on stdout."""
        with self._lock:
            sys.stdout.write(json.dumps({"event": event, **more}) + "\n")
            sys.stdout.flush()

    def refused(self, where: str, text: str) -> None:
        """A reject, ours or theirs."""
        line = f"{where} {text.replace(SOH, '|')}"
        self.refusals.append(line)
        self.tell("refused", text=line)

    def onCreate(self, session: Any) -> None:
        self.session = session

    def onLogon(self, session: Any) -> None:
        self.logons += 1
        self.tell("logon", count=self.logons)

    def onLogout(self, session: Any) -> None:
        self.logouts += 1
        self.tell("logout", count=self.logouts)

    def toAdmin(self, sent: Any, session: Any) -> None:
        text = sent.toString()
        if f"{SOH}35=3{SOH}" in text:
            self.refused("quickfix refuses:", text)

    def fromAdmin(self, heard: Any, session: Any) -> None:
        text = heard.toString()
        if f"{SOH}35=3{SOH}" in text:
            self.refused("quickfix is refused:", text)

    def toApp(self, sent: Any, session: Any) -> None:
        text = sent.toString()
        if f"{SOH}35=j{SOH}" in text:
            self.refused("quickfix refuses:", text)

    def fromApp(self, heard: Any, session: Any) -> None:
        text = heard.toString()
        kind, name = identity(text)
        if kind == "j":
            self.refused("quickfix is refused:", text)
        if name:
            self.taken.append(f"{kind}:{name}")
        self.others[kind] = self.others.get(kind, 0) + 1


def written(asked: dict[str, Any]) -> str:
    """The engine's settings as its file wants them."""
    fixt = asked["begin"].startswith("FIXT")
    lines = {
        "ConnectionType": asked["role"],
        "BeginString": asked["begin"],
        "SenderCompID": asked["sender"],
        "TargetCompID": asked["target"],
        "FileStorePath": f"{asked['folder']}/store",
        "FileLogPath": f"{asked['folder']}/log",
        "StartTime": "00:00:00",
        "EndTime": "00:00:00",
        "HeartBtInt": asked.get("heartbeat_s", 30),
        "ReconnectInterval": 1,
        "SocketNodelay": "Y",
        "SocketReuseAddress": "Y",
        "PersistMessages": "Y",
        "UseDataDictionary": "Y" if asked["dictionaries"] else "N",
        "ValidateUserDefinedFields": "Y",
        "TimestampPrecision": 6,
        **asked["dictionaries"],
        **({"DefaultApplVerID": "FIX.5.0SP2"} if fixt else {}),
        **(
            {"SocketConnectHost": "127.0.0.1", "SocketConnectPort": asked["port"]}
            if asked["role"] == "initiator"
            else {"SocketAcceptPort": asked["port"]}
        ),
        **asked.get("settings", {}),
    }
    whose = {key: lines.pop(key) for key in ("BeginString", "SenderCompID", "TargetCompID")}
    return "".join(
        f"[{section}]\n" + "".join(f"{key}={value}\n" for key, value in part.items())
        for section, part in (("DEFAULT", lines), ("SESSION", whose))
    )


class Driver:
    """Carries out orders until it is told to stop or its input ends."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._folder = Path(asked["folder"])
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / "session.cfg"
        path.write_text(written(asked), encoding="utf-8")
        settings = fix.SessionSettings(str(path))
        self.peer = Peer()
        self._kept = (settings, fix.FileStoreFactory(settings), fix.FileLogFactory(settings))
        engine = fix.SocketInitiator if asked["role"] == "initiator" else fix.SocketAcceptor
        self.engine = engine(self.peer, self._kept[1], settings, self._kept[2])
        self.sent = 0

    def run(self) -> None:
        self.engine.start()
        self.peer.tell("ready", version=getattr(fix, "__version__", ""))
        for line in sys.stdin:
            asked = json.loads(line)
            if asked["do"] == "stop":
                break
            getattr(self, f"do_{asked.pop('do')}")(**asked)
        self.engine.stop()
        self.peer.tell("stopped", **self.report())

    def do_send(self, kind: str, first: int, count: int, pause_ms: float = 0) -> None:
        """Numbered messages, from a thread, so that orders are still heard."""

        def send() -> None:
            for number in range(first, first + count):
                fix.Session.sendToTarget(message(kind, f"{kind}-{number:06}"), self.peer.session)
                self.sent += 1
                if pause_ms:
                    time.sleep(pause_ms / 1_000)

        threading.Thread(target=send, daemon=True).start()

    def do_logout(self) -> None:
        fix.Session.lookupSession(self.peer.session).logout()

    def do_logon(self) -> None:
        fix.Session.lookupSession(self.peer.session).logon()

    def do_report(self, ids: bool = True) -> None:
        self.peer.tell("report", **self.report(ids))

    def report(self, ids: bool = True) -> dict[str, Any]:
        """What was seen so far; without `ids` only how much."""
        peer, session = self.peer, fix.Session.lookupSession(self.peer.session)
        return {
            "sent": self.sent,
            "taken": len(peer.taken),
            "ids": list(peer.taken) if ids else [],
            "kinds": dict(peer.others),
            "refusals": list(peer.refusals),
            "logons": peer.logons,
            "logouts": peer.logouts,
            "next_out": session.getExpectedSenderNum() if session else 0,
            "next_in": session.getExpectedTargetNum() if session else 0,
            "events": self._events(),
        }

    def _events(self) -> list[str]:
        """Lines of the engine's own event log that speak of something refused."""
        found: list[str] = []
        for path in sorted((self._folder / "log").glob("*event*")):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                if "eject" in line or "nvalid" in line:
                    found.append(line)
        return found


if __name__ == "__main__":
    driver = Driver(json.loads(sys.argv[1]))
    driver.run()
    sys.stdout.flush()
    os._exit(0)  # the engine's own tear-down at interpreter exit is not to be trusted
