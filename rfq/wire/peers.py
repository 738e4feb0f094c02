"""Who a session's messages may be from, and through which session a party is reached. All of it is configuration: what
a message claims about its sender is only ever held against it.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from rfq.domain.ids import PartyId
from rfq.domain.reasons import Code, Reason
from rfq.wire.symbols import Symbols

ASKING_ROLES: Final = frozenset({"3", "11", "13"})
"""452 and 1119: client id, order origination trader, order origination firm."""
QUOTING_ROLES: Final = frozenset({"35", "66"})
"""Liquidity provider, market maker: in a quote these are the sender."""


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """One session as the desk's words need it. `party` is who speaks when nobody is named (none: somebody must be);
    `aliases` are the names (115, 1116, 453) that it may use, and whom they mean. `quote_life_ms` is how long a dealer's
    quote holds that says nothing itself; `acknowledges`: a quote that was taken in is said to be active (AI);
    `drop_copy`: our fills are reported here (AE), and nothing else happens."""

    name: str
    party: PartyId | None = None
    aliases: Mapping[str, PartyId] = {}
    symbols: Symbols = Symbols()
    quote_life_ms: int = 0
    acknowledges: bool = False
    drop_copy: bool = False

    @property
    def parties(self) -> tuple[PartyId, ...]:
        """Everybody who is reached through this session."""
        own = () if self.party is None else (self.party,)
        return tuple(dict.fromkeys((*own, *self.aliases.values())))

    def sender(self, behalf: str, named: Iterable[str]) -> PartyId | Reason:
        """Who a message is from: `behalf` is its 115, `named` are the parties in asking roles that it names. Whoever is
        named must be an alias of this session, and all of them the same party."""
        found: PartyId | None = None
        for name in (behalf, *named) if behalf else named:
            party = self.aliases.get(name)
            if party is None:
                return Reason(code=Code.NOT_AUTHORISED, field="party", detail="not a party of this session")
            if found is not None and party != found:
                return Reason(code=Code.NOT_AUTHORISED, field="party", detail="two parties are named")
            found = party
        found = found or self.party
        if found is None:
            return Reason(code=Code.NOT_AUTHORISED, field="party", detail="no party is named")
        return found


class Directory:
    """Which session reaches whom."""

    def __init__(self, peers: Iterable[Peer]) -> None:
        """Raises ValueError if a party could be reached through two sessions."""
        self.peers = {peer.name: peer for peer in peers}
        self._routes: dict[PartyId, tuple[Peer, str]] = {}
        for peer in self.peers.values():
            names = {party: alias for alias, party in reversed(list(peer.aliases.items()))}
            if peer.party is not None:
                names[peer.party] = ""
            for party, alias in names.items():
                if party in self._routes:
                    other = self._routes[party][0].name
                    raise ValueError(f"party {party} is reached through {other} and through {peer.name}")
                self._routes[party] = (peer, alias)

    def route(self, party: PartyId) -> tuple[Peer, str] | None:
        """The session of this party, and the name (128) that it must be told to whom it is; "" for its own party."""
        return self._routes.get(party)
