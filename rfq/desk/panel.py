"""The panel: which dealers are asked. Best records first; a dealer that is new or was long not asked gets a place by
rotation, so that a record can be made."""

from rfq.desk.state import DeskState
from rfq.domain.ids import PartyId


def choose(state: DeskState, size: int, wanted: tuple[PartyId, ...] = ()) -> tuple[PartyId, ...]:
    """At most `size` reachable dealers, best first; only among `wanted` if it names any. One place in five (at least
    one, if the panel has three or more) goes to the dealer that was asked least."""
    pool = [
        party
        for party, rights in state.parties.items()
        if rights.may_quote and party in state.sessions and (not wanted or party in wanted)
    ]
    if len(pool) <= size:
        return tuple(pool)
    ranked = sorted(pool, key=lambda party: (-_worth(state, party), party))
    chosen, rest = ranked[:size], ranked[size:]
    guests = size // 5 if size >= 5 else int(size >= 3)
    rest.sort(key=lambda party: (_asked(state, party), party))
    return tuple(chosen[: size - guests] + rest[:guests])


def _asked(state: DeskState, party: PartyId) -> int:
    found = state.scorecards.get(party)
    return found.asked_it if found is not None else 0


def _worth(state: DeskState, party: PartyId) -> float:
    """Chance of an honoured answer, less what trading with this dealer cost us afterwards (10 bps = all)."""
    found = state.scorecards.get(party)
    if found is None:
        return 0.5
    return found.answer_ratio * found.honour_ratio + min(0.0, found.markout_bps) / 10.0
