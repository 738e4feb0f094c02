"""Many structures valued plain and compiled; run as a script it prints whether all bits are the same, and their hash.
`python value_bits.py CACHE`.
"""

import hashlib
import json
import random
import sys

from pricing_cases import (
    FAR_AT,
    FUTURE,
    MARKET_BTC,
    NEAR_AT,
    NOW,
    PERP,
    PERP_LINEAR,
    RATES,
    SEEN_AT,
    option,
    structure,
)

from pricing.instruments import Instrument
from pricing.market import Discount, MarketSnapshot
from pricing.numeric import engine
from pricing.structures import Structure
from pricing.units import DAY_NS, NS_PER_S
from pricing.valuation import mark, value
from rfq.domain import canon

DISCOUNTS = (Discount(currency="BTC", at=NOW, pillars=((FAR_AT, 0.03),)),)
MARKET = MarketSnapshot(at=SEEN_AT, underlyings=(MARKET_BTC,), rates=RATES, discounts=DISCOUNTS)
EXPIRIES = (NEAR_AT, FAR_AT, NOW + 50 * DAY_NS, NOW + 3600 * NS_PER_S, NOW + 1)


def cases(count: int) -> list[tuple[Structure, dict[str, Instrument], int]]:
    """Structures of one to twenty legs, deep in and far out, an instant before expiry too."""
    dice = random.Random(20261126)
    found = []
    for _ in range(count):
        legs: list[tuple[Instrument, str]] = []
        for _ in range(dice.choice((1, 1, 2, 2, 3, 4, 4, 20))):
            strike = round(60_000 * 2.0 ** dice.gauss(0.0, 0.7) / 100) * 100
            leg: Instrument = option(strike, dice.random() < 0.5, dice.choice(EXPIRIES), dice.random() < 0.7)
            if dice.random() < 0.1:
                leg = dice.choice((PERP, PERP_LINEAR, FUTURE))
            legs.append((leg, str(dice.choice((-2, -1, 1, 1, 3)))))
        found.append(
            (structure(*legs), {one.name: one for one, _ in legs}, NOW + dice.choice((0, 0, NS_PER_S)))
        )
    return found


def results(asked: list[tuple[Structure, dict[str, Instrument], int]]) -> list[bytes]:
    """Each valuation, and its mark, in canonical bytes."""
    found = []
    for one, known, now in asked:
        worth, fast = value(one, known, MARKET, now), mark(one, known, MARKET, now)
        found.append(canon.encode(worth) + repr(fast).encode())
    return found


def main(cache: str) -> None:
    """Everything plain, then compiled."""
    asked = cases(400)
    plain = results(asked)
    said = engine.warm(cache)
    compiled = results(asked)
    digest = hashlib.sha256(b"".join(compiled)).hexdigest()
    priced = sum(b"Valuation.2" in one for one in plain)
    print(json.dumps({"said": said, "same": plain == compiled, "priced": priced, "hash": digest}))


if __name__ == "__main__":
    main(sys.argv[1])
