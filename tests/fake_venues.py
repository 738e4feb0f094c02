"""How the fake exchange speaks each venue's language: subscriptions, snapshots, changes, trades, HTTP answers.

Spelled after the venues' public documentation as of 2026: Binance USDS-M Futures and Spot (web socket streams, REST
depth), Bybit v5 (orderbook, publicTrade), OKX v5 (books, trades; no checksum any more, but as it was if asked for),
Deribit API v2 (book and trades subscriptions, heartbeats).
"""

import json
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from fake_markets import Change, Deal, Levels, Market, checksum, price_text, size_text

AT_MS = 1_790_000_000_000
Pairs = list[list[str]]


def spell(message: Any) -> str:
    return json.dumps(message, separators=(",", ":"))


def pairs(levels: "tuple[tuple[int, int], ...] | Levels") -> Pairs:
    items = levels.items() if isinstance(levels, dict) else levels
    return [[price_text(price), size_text(size)] for price, size in items]


class Reply:
    """What a request brings: texts to send, channels that are entered and left."""

    def __init__(self, *texts: str, enter: tuple[str, ...] = (), leave: tuple[str, ...] = ()) -> None:
        self.texts = texts
        self.enter = enter
        self.leave = leave


class Venue(Protocol):
    """One language. A channel is the venue's own text for it."""

    contiguous: bool
    step: int

    def at_opening(self, path: str) -> tuple[str, ...]:
        """Channels that the address itself subscribes to."""
        ...

    def asked(self, text: str, refused: frozenset[str]) -> Reply:
        """A request on the WebSocket; channels with a word of `refused` in them are refused."""
        ...

    def book_of(self, channel: str) -> str:
        """The symbol, if the channel is one of books; else ""."""
        ...

    def trades_of(self, channel: str) -> str:
        """The symbol, if the channel is one of trades; else ""."""
        ...

    def snapshot(self, channel: str, market: Market) -> str:
        """The first message of a book; "" where it has to be fetched."""
        ...

    def change(self, channel: str, market: Market, change: Change) -> str: ...

    def trade(self, channel: str, deal: Deal) -> str: ...

    def rest(self, path: str, markets: dict[str, Market]) -> Any:
        """The JSON of an HTTP answer; None where there is none."""
        ...


def is_refused(channel: str, refused: frozenset[str]) -> bool:
    return any(word in channel for word in refused)


def query(path: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}


class Binance:
    """Combined streams; numbers jump and chain by `pu` on USDM, and are contiguous on spot."""

    def __init__(self, *, spot: bool) -> None:
        self.contiguous = spot
        self.step = 5
        self.levels_most = 1_000
        """So many levels of a side are in an HTTP answer."""

    def at_opening(self, path: str) -> tuple[str, ...]:
        return tuple(query(path).get("streams", "").split("/")) if "streams=" in path else ()

    def asked(self, text: str, refused: frozenset[str]) -> Reply:
        asked = json.loads(text)
        params = tuple(asked.get("params", ()))
        if any(is_refused(one, refused) for one in params):
            return Reply(spell({"error": {"code": 2, "msg": "Invalid request"}, "id": asked["id"]}))
        answer = spell({"result": None, "id": asked["id"]})
        if asked["method"] == "UNSUBSCRIBE":
            return Reply(answer, leave=params)
        return Reply(answer, enter=params if asked["method"] == "SUBSCRIBE" else ())

    def book_of(self, channel: str) -> str:
        return channel.partition("@")[0].upper() if "@depth" in channel else ""

    def trades_of(self, channel: str) -> str:
        return channel.partition("@")[0].upper() if channel.endswith(("@aggTrade", "@trade")) else ""

    def snapshot(self, channel: str, market: Market) -> str:
        return ""

    def change(self, channel: str, market: Market, change: Change) -> str:
        message: dict[str, Any] = {"e": "depthUpdate", "E": AT_MS, "s": market.symbol}
        message |= {"U": change.first, "u": change.last}
        if not self.contiguous:
            message |= {"T": AT_MS, "pu": change.prior}
        message |= {"b": pairs(change.bids), "a": pairs(change.asks)}
        return self._told(channel, message)

    def trade(self, channel: str, deal: Deal) -> str:
        aggregate = channel.endswith("@aggTrade")
        message = {"e": "aggTrade" if aggregate else "trade", "E": AT_MS, "T": AT_MS}
        message |= {"s": self.trades_of(channel), "a" if aggregate else "t": deal.number}
        message |= {"p": price_text(deal.price), "q": size_text(deal.size), "m": not deal.is_buy}
        return self._told(channel, message)

    def rest(self, path: str, markets: dict[str, Market]) -> Any:
        what = urlsplit(path).path.rpartition("/")[2]
        if what == "depth":
            market, most = markets[query(path)["symbol"]], self.levels_most
            bids, asks = sorted(market.bids.items(), reverse=True)[:most], sorted(market.asks.items())[:most]
            return {
                "lastUpdateId": market.number,
                **({} if self.contiguous else {"E": AT_MS, "T": AT_MS}),
                "bids": pairs(tuple(bids)),
                "asks": pairs(tuple(asks)),
            }
        if what == "time":
            return {"serverTime": AT_MS}
        return {"symbols": []} if what == "exchangeInfo" else None

    def _told(self, channel: str, message: dict[str, Any]) -> str:
        return spell({"stream": channel, "data": message})


class Bybit:
    """v5: numbers step by one, a snapshot opens a book."""

    contiguous = True
    step = 0

    def at_opening(self, path: str) -> tuple[str, ...]:
        return ()

    def asked(self, text: str, refused: frozenset[str]) -> Reply:
        asked = json.loads(text)
        op, args = asked["op"], tuple(asked.get("args", ()))
        answer = {"success": True, "ret_msg": "", "conn_id": "c", "req_id": asked.get("req_id", ""), "op": op}
        if op == "ping":
            return Reply(spell(answer | {"ret_msg": "pong"}))
        if bad := [one for one in args if is_refused(one, refused)]:
            words = f"error:handler not found,topic:{bad[0]}"
            return Reply(spell(answer | {"success": False, "ret_msg": words}))
        return Reply(spell(answer), **{"leave" if op == "unsubscribe" else "enter": args})

    def book_of(self, channel: str) -> str:
        return channel.rpartition(".")[2] if channel.startswith("orderbook.") and ".1." not in channel else ""

    def trades_of(self, channel: str) -> str:
        return channel.rpartition(".")[2] if channel.startswith("publicTrade.") else ""

    def snapshot(self, channel: str, market: Market) -> str:
        return self._book(channel, market, "snapshot", market.number, pairs(market.bids), pairs(market.asks))

    def change(self, channel: str, market: Market, change: Change) -> str:
        return self._book(channel, market, "delta", change.last, pairs(change.bids), pairs(change.asks))

    def trade(self, channel: str, deal: Deal) -> str:
        row = {"T": AT_MS, "s": self.trades_of(channel), "S": "Buy" if deal.is_buy else "Sell"}
        row |= {"v": size_text(deal.size), "p": price_text(deal.price), "i": f"t-{deal.number}"}
        row |= {"L": "PlusTick", "BT": False}
        return spell({"topic": channel, "type": "snapshot", "ts": AT_MS, "data": [row]})

    def rest(self, path: str, markets: dict[str, Market]) -> Any:
        if urlsplit(path).path.endswith("/time"):
            result: dict[str, Any] = {"timeSecond": str(AT_MS // 1000), "timeNano": str(AT_MS * 10**6)}
        else:
            result = {"category": query(path).get("category", "linear"), "list": [], "nextPageCursor": ""}
        return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": AT_MS}

    def _book(self, channel: str, market: Market, kind: str, number: int, bids: Pairs, asks: Pairs) -> str:
        book = {"s": market.symbol, "b": bids, "a": asks, "u": number, "seq": number * 7}
        return spell({"topic": channel, "type": kind, "ts": AT_MS, "data": book, "cts": AT_MS - 1})


class Okx:
    """v5: numbers chain by `prevSeqId`; `checksums` brings back the checksum that was sent until June 2026,
    `snapshots` False leaves the first message away, as is announced for some day."""

    contiguous = False
    step = 5

    def __init__(self, *, checksums: bool = False, snapshots: bool = True) -> None:
        self._checksums = checksums
        self._snapshots = snapshots

    def at_opening(self, path: str) -> tuple[str, ...]:
        return ()

    def asked(self, text: str, refused: frozenset[str]) -> Reply:
        if text == "ping":
            return Reply("pong")
        asked = json.loads(text)
        texts: list[str] = []
        channels: list[str] = []
        for arg in asked["args"]:
            channel = spell(arg)
            if is_refused(channel, refused):
                words = f"Wrong URL or channel:{arg['channel']},instId:{arg.get('instId', '')} doesn't exist."
                texts.append(spell({"event": "error", "code": "60018", "msg": words, "connId": "c"}))
            else:
                texts.append(spell({"event": asked["op"], "arg": arg, "connId": "c"}))
                channels.append(channel)
        return Reply(*texts, **{"leave" if asked["op"] == "unsubscribe" else "enter": tuple(channels)})

    def book_of(self, channel: str) -> str:
        return self._symbol(channel, "books")

    def trades_of(self, channel: str) -> str:
        return self._symbol(channel, "trades")

    def snapshot(self, channel: str, market: Market) -> str:
        if not self._snapshots:
            return ""
        return self._book(channel, market, "snapshot", -1, pairs(market.bids), pairs(market.asks))

    def change(self, channel: str, market: Market, change: Change) -> str:
        return self._book(channel, market, "update", change.prior, pairs(change.bids), pairs(change.asks))

    def trade(self, channel: str, deal: Deal) -> str:
        row = {"instId": self.trades_of(channel), "tradeId": str(deal.number), "ts": str(AT_MS), "count": "1"}
        row |= {"px": price_text(deal.price), "sz": size_text(deal.size)}
        row |= {"side": "buy" if deal.is_buy else "sell"}
        return spell({"arg": json.loads(channel), "data": [row]})

    def rest(self, path: str, markets: dict[str, Market]) -> Any:
        what = urlsplit(path).path.rpartition("/")[2]
        rows: list[Any] = []
        if what == "time":
            rows = [{"ts": str(AT_MS)}]
        if what == "books":
            market = markets[query(path)["instId"]]
            bids, asks = ([[*one, "0", "1"] for one in pairs(side)] for side in (market.bids, market.asks))
            rows = [{"bids": bids, "asks": asks, "ts": str(AT_MS), "seqId": market.number}]
        return {"code": "0", "msg": "", "data": rows}

    def _symbol(self, channel: str, kind: str) -> str:
        arg = json.loads(channel)
        return str(arg.get("instId", "")) if arg["channel"] == kind else ""

    def _book(self, channel: str, market: Market, action: str, prior: int, bids: Pairs, asks: Pairs) -> str:
        book: dict[str, Any] = {
            "asks": [[*one, "0", "1"] for one in asks],
            "bids": [[*one, "0", "1"] for one in bids],
            "ts": str(AT_MS),
            "checksum": checksum(market.bids, market.asks) if self._checksums else 0,
            "seqId": market.number,
            "prevSeqId": prior,
        }
        return spell({"arg": json.loads(channel), "action": action, "data": [book]})


class Deribit:
    """JSON-RPC; numbers chain by `prev_change_id`; a heartbeat wants an answer."""

    contiguous = False
    step = 5

    def at_opening(self, path: str) -> tuple[str, ...]:
        return ()

    def asked(self, text: str, refused: frozenset[str]) -> Reply:
        asked = json.loads(text)
        method, number = asked["method"].partition("/")[2], asked.get("id", 0)
        channels = tuple(asked.get("params", {}).get("channels", ()))
        if method in ("subscribe", "unsubscribe"):
            if any(is_refused(one, refused) for one in channels):
                return Reply(self._answer(number, {"code": 11050, "message": "bad_request"}, "error"))
            answer = self._answer(number, list(channels))
            return Reply(answer, **{"enter" if method == "subscribe" else "leave": channels})
        results: dict[str, Any] = {"get_time": AT_MS, "test": {"version": "1.2.26"}, "set_heartbeat": "ok"}
        return Reply(self._answer(number, results.get(method, [])))

    def book_of(self, channel: str) -> str:
        return channel.split(".")[1] if channel.startswith("book.") else ""

    def trades_of(self, channel: str) -> str:
        return channel.split(".")[1] if channel.startswith("trades.") else ""

    def snapshot(self, channel: str, market: Market) -> str:
        return self._book(channel, market, {"type": "snapshot"}, market.bids, market.asks, new=True)

    def change(self, channel: str, market: Market, change: Change) -> str:
        head = {"type": "change", "prev_change_id": change.prior}
        return self._book(channel, market, head, dict(change.bids), dict(change.asks))

    def trade(self, channel: str, deal: Deal) -> str:
        row = {
            "trade_seq": deal.number,
            "trade_id": f"F-{deal.number}",
            "timestamp": AT_MS,
            "tick_direction": 0,
        }
        row |= {
            "price": deal.price / 10,
            "amount": deal.size / 1000,
            "instrument_name": self.trades_of(channel),
        }
        row |= {
            "direction": "buy" if deal.is_buy else "sell",
            "mark_price": 61_800.0,
            "index_price": 61_800.0,
        }
        return self._told(channel, [row])

    def rest(self, path: str, markets: dict[str, Market]) -> Any:
        result: Any = AT_MS if path.endswith("get_time") else []
        return {"jsonrpc": "2.0", "result": result, "usIn": 1, "usOut": 2, "usDiff": 1, "testnet": False}

    def _answer(self, number: int, result: Any, name: str = "result") -> str:
        return spell({"jsonrpc": "2.0", "id": number, name: result})

    def _book(
        self,
        channel: str,
        market: Market,
        head: dict[str, Any],
        bids: Levels,
        asks: Levels,
        *,
        new: bool = False,
    ) -> str:
        def rows(levels: Levels) -> list[list[Any]]:
            word = "new" if new else "change"
            return [[word if q else "delete", p / 10, q / 1000] for p, q in levels.items()]

        head |= {"timestamp": AT_MS, "instrument_name": market.symbol, "change_id": market.number}
        return self._told(channel, head | {"bids": rows(bids), "asks": rows(asks)})

    def _told(self, channel: str, content: Any) -> str:
        params = {"channel": channel, "data": content}
        return spell({"jsonrpc": "2.0", "method": "subscription", "params": params})
