"""The market that `rfq price` prices in: a snapshot from a file, or a flat one made of a forward, a vol and a term."""

from pathlib import Path
from typing import NamedTuple

import msgspec

import rfq.domain.upcasts  # noqa: F401 - snapshots of old versions are read too
from pricing.instruments import DOLLARS, Future, Instrument, Option
from pricing.market import Curve, MarketSnapshot, Pillar, Rate, Smile, Surface, UnderlyingMarket, one_level
from pricing.units import YEAR_NS
from rfq.cli.instants import parse_instant
from rfq.cli.wanted import Wanted, refuse
from rfq.domain import canon
from rfq.domain.checkers import CanonError
from rfq.ops.clock import SystemClock

VOL_MIN, VOL_MAX = 1e-6, 10.0
PRICE_MIN, PRICE_MAX = 1e-12, 1e12
YEARS_MAX = 50.0


class Flat(NamedTuple):
    """A market of a few numbers: None is what was not told."""

    forward: float | None = None
    vol: float | None = None
    years: float | None = None
    index_usd: float | None = None


class Scene(NamedTuple):
    """What is priced, in which market, when. `flat` None: the market is a snapshot's."""

    wanted: Wanted
    market: MarketSnapshot
    now: int
    flat: Flat | None


def read_snapshot(path: Path) -> MarketSnapshot:
    """The snapshot in a file, of this or an older version; raises Ended."""
    try:
        return canon.decode(path.read_bytes(), MarketSnapshot)
    except CanonError as error:
        raise refuse("--snapshot", f"{path} is no market snapshot: {error}") from None


def scene(wanted: Wanted, snapshot: Path | None, flat: Flat, at: str) -> Scene:
    """The market that the options mean; raises Ended."""
    if snapshot is not None:
        for name, told in zip(Flat._fields, flat, strict=True):
            if told is not None:
                raise refuse(
                    f"--{name.removesuffix('_usd')}", "a snapshot says that already; leave one of them out"
                )
        market = read_snapshot(snapshot)
        return Scene(wanted, market, parse_instant("--at", at, market.at) if at else market.at, None)
    if flat.forward is None:
        raise refuse(
            "", "Say in which market: --snapshot FILE, or --forward F (options: --vol V and --years T too)."
        )
    _check(flat, wanted)
    return _flat_scene(wanted, flat, at)


def _check(flat: Flat, wanted: Wanted) -> None:
    """Refuse numbers that are none."""
    for name, told in (("forward", flat.forward), ("index", flat.index_usd)):
        if told is not None and not PRICE_MIN <= told <= PRICE_MAX:
            raise refuse(f"--{name}", f"{told:g} is no price")
    if flat.vol is not None and not VOL_MIN <= flat.vol <= VOL_MAX:
        raise refuse("--vol", f"{flat.vol:g} is no volatility; 60 % a year is 0.6")
    if flat.years is not None and not 0.0 < flat.years <= YEARS_MAX:
        raise refuse("--years", f"{flat.years:g} is not above zero, or more than {YEARS_MAX:g}")
    if flat.vol is None and any(isinstance(one, Option) for one in wanted.instruments.values()):
        raise refuse("--vol", "missing; an option needs one, as a decimal a year: 0.6")


def _flat_scene(wanted: Wanted, flat: Flat, at: str) -> Scene:
    """One forward and one vol for everything, no rates. Settlement averages do not count: the term is what was said."""
    forward, vol = flat.forward or 0.0, flat.vol or 0.0
    instruments = {
        name: msgspec.structs.replace(one, averaging_s=0) if isinstance(one, Option) else one
        for name, one in wanted.instruments.items()
    }
    ends = sorted({one.expiry_at for one in instruments.values() if isinstance(one, Option | Future)})
    if flat.years is not None and ends:
        if at:
            raise refuse("--at", "--years says that already; leave one of them out")
        now = ends[0] - max(round(flat.years * YEAR_NS), 1)
    else:
        now = SystemClock().now()
        now = parse_instant("--at", at, now) if at else now
    if ends and now >= ends[0]:
        raise refuse("--years", "missing: it has expired; say how many years it had left, or --at TIME")
    underlying = next(iter(instruments.values())).underlying
    smiles = tuple(
        [
            Smile(expiry_at=end, a=vol * vol * ((end - now) / YEAR_NS), b=0.0, rho=0.0, m=0.0, s=1.0)
            for end in ends
            if vol > 0.0
        ]
    )
    market = UnderlyingMarket(
        name=underlying,
        index=flat.index_usd or forward,
        index_at=now,
        sigma=vol,
        adv_usd=0.0,
        depth_usd_10bps=0.0,
        books=tuple(
            [
                one_level(name, now, forward, forward, 1.0, 1.0)
                for name, one in instruments.items()
                if not isinstance(one, Option)
            ]
        ),
        curve=Curve(at=now, pillars=tuple([Pillar(expiry_at=end, forward=forward) for end in ends])),
        surface=Surface(at=now, smiles=smiles, source="flat"),
    )
    rates = tuple([Rate(currency=name, usd=1.0, at=now) for name in _dollars(instruments)])
    return Scene(
        Wanted(wanted.structure, instruments),
        MarketSnapshot(at=now, underlyings=(market,), rates=rates),
        now,
        flat,
    )


def _dollars(instruments: dict[str, Instrument]) -> list[str]:
    """The dollars other than USD in which something is quoted or settles: each counts as one."""
    named = {one.quote_currency for one in instruments.values()}
    named |= {one.settle_currency for one in instruments.values()}
    return [name for name in DOLLARS if name in named and name != "USD"]
