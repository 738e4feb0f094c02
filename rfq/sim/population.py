"""Who lives in a world, and how often they stir."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from rfq.domain.policy import Policy
from rfq.live.loop import Live
from rfq.sim.catalogue import Catalogue
from rfq.sim.clients import TASTES, Client
from rfq.sim.dealers import STYLES, Dealer
from rfq.sim.dice import Dice
from rfq.sim.instruments import client_id, dealer_id
from rfq.sim.market import SimMarket
from rfq.sim.oddities import Oddities
from rfq.sim.people import Traders, Watchmen, Weak
from rfq.sim.street import Street


class Rates(NamedTuple):
    """How often things happen: mean seconds between them; `odd_every_s` and the rest 0 for never."""

    ask_every_s: float = 4.0
    need_every_s: float = 4.0
    odd_every_s: float = 60.0
    drop_every_s: float = 150.0
    kill_every_s: float = 2_400.0
    policy_every_s: float = 1_200.0
    party_every_s: float = 1_800.0


RATES: Final = Rates()
DEMO_RATES: Final = Rates(
    ask_every_s=0.5, need_every_s=0.5, odd_every_s=20.0, drop_every_s=40.0, kill_every_s=0.0
)
"""Busy enough that thirty seconds show everything."""


def populate(
    live: Live,
    street: Street,
    market: SimMarket,
    rates: Rates,
    dice: dict[str, Dice],
    catalogue: Catalogue,
    clients: int,
    dealers: int,
    policy: Policy,
) -> None:
    """Fill the street, bring the sessions up, and set the arrivals going."""
    stem = f"{live.chain.next_number}." if live.chain.next_number > 2 else ""
    around: dict[str, Any] = {"street": street, "market": market, "catalogue": catalogue}
    asking = [
        Client(client_id(n), TASTES[n % len(TASTES)], dice=dice["clients"], stem=stem, **around)
        for n in range(clients)
    ]
    quoting = [
        Dealer(dealer_id(n), STYLES[n % len(STYLES)], dice=dice["dealers"], **around) for n in range(dealers)
    ]
    for client in asking:
        street.join(client.party, client)
    for dealer in quoting:
        street.join(dealer.party, dealer)
    for party in street.parties():
        street.connect(party)
    known = tuple(one.party for one in quoting)
    state = live.desk.state
    traders = Traders(
        dice=dice["people"],
        exposure_usd=lambda name: float(live.desk.state.exposures.get(name, 0)),
        dealers=known,
        stem=stem,
        **around,
    )
    live.observe(traders.see)
    watchmen = Watchmen(
        street=street,
        dice=dice["people"],
        policy=policy,
        clients=tuple(state.parties[one.party] for one in asking),
        listed=tuple(state.instruments.values()),
    )
    if state.killed:
        watchmen.arm()
    arrivals = Arrivals(street, dice["arrivals"])
    if asking:
        names = tuple(one.party for one in asking)
        odd = Oddities(street=street, dice=dice["odd"], clients=names, dealers=known, stem=stem)
        weights = [one.tastes.weight for one in asking]
        arrivals.start(rates.ask_every_s, lambda: _weighted(asking, weights, dice["arrivals"]).ask())
        arrivals.start(rates.odd_every_s, odd.send)
        arrivals.start(rates.party_every_s, watchmen.change_party)
    arrivals.start(rates.need_every_s, traders.post)
    arrivals.start(rates.drop_every_s, Weak(street=street, dice=dice["people"]).drop)
    arrivals.start(rates.kill_every_s, watchmen.kill)
    arrivals.start(rates.policy_every_s, watchmen.change_policy)


def _weighted(clients: list[Client], weights: list[float], dice: Dice) -> Client:
    left = dice.uniform() * sum(weights)
    for client, weight in zip(clients, weights, strict=True):
        left -= weight
        if left < 0.0:
            return client
    return clients[-1]


class Arrivals:
    """Poisson streams of things that happen."""

    def __init__(self, street: Street, dice: Dice) -> None:
        self._street = street
        self._dice = dice

    def start(self, every_s: float, happen: Callable[[], None]) -> None:
        """Let it happen every so many seconds on average; 0 is never."""
        if every_s > 0.0:
            self._wait(every_s, happen)

    def _wait(self, every_s: float, happen: Callable[[], None]) -> None:
        def run() -> None:
            self._wait(every_s, happen)
            happen()

        self._street.later(self._dice.exponential(every_s), run)
