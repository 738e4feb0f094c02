"""The shared capture of a real chain, a few sweeps of it: traps, accuracy on held-out strikes, ticks, coverage."""

from collections import defaultdict

import pytest
from surface_cases import CAPTURE, needs_capture

from pricing.surface.checks import margins, violations
from pricing.surface.fit import Fit, fit
from pricing.surface.held_out import Seen, held_out_of, met, seen_by
from pricing.surface.quotes import Cleaned, clean
from pricing.units import years
from rfq.ops.chains import Chains, read

pytest.importorskip("duckdb", reason="reading Parquet needs DuckDB")
pytestmark = needs_capture

SWEEPS = (1, 12, 20, 32)
BUCKETS = (2.0, 8.0, 35.0, 100.0)


@pytest.fixture(scope="module")
def chains() -> Chains:
    return read(CAPTURE)


@pytest.fixture(scope="module")
def cleaned(chains: Chains) -> list[Cleaned]:
    return [clean(sweep) for sweep in chains.sweeps]


@pytest.fixture(scope="module")
def fits(cleaned: list[Cleaned]) -> dict[int, Fit]:
    return {place: fit(cleaned[place]) for place in SWEEPS}


def test_the_traps_of_the_file(chains: Chains, cleaned: list[Cleaned]) -> None:
    assert chains.clock_ahead_s == 3_600 and chains.unread == 0
    assert len(chains.sweeps) == 34 and {len(sweep) for sweep in chains.sweeps} <= {455, 460, 461}
    first = cleaned[0]
    assert len(first.quotes) == 460 and sum(one.is_two_sided for one in first.quotes) == 367
    reasons = [(one.part, one.reason) for one in first.dropped]
    assert reasons.count(("bid", "below intrinsic")) == 59 and reasons.count(("bid", "missing")) == 34
    assert len(reasons) == 93


def test_every_expiry_has_a_smile_and_no_arbitrage(fits: dict[int, Fit]) -> None:
    for one in fits.values():
        assert one.surface is not None, one.reasons
        assert len(one.surface.smiles) == 13 and violations(one.surface) == ()
        assert min(margins(one.surface.smiles)) > 1e-3


def test_held_out_strikes_lie_inside_bid_and_ask(cleaned: list[Cleaned]) -> None:
    found = met([one for place in SWEEPS for one in held_out_of(cleaned[place])])
    assert [one.days for one in found] == ["under 2 days", "2 to 8 days", "from 8 days on"]
    quotes = sum(one.quotes for one in found)
    assert quotes > 1_400 and sum(one.inside * one.quotes for one in found) / quotes >= 0.93
    assert found[2].inside >= 0.93 and found[2].distance <= 0.25


def test_a_warm_refit_is_where_a_cold_one_is_and_stays(cleaned: list[Cleaned], fits: dict[int, Fit]) -> None:
    warm = fit(cleaned[12], fit(cleaned[11]))
    cold = fits[12]
    assert warm.surface is not None and fit(cleaned[12], warm) is warm
    bare = Fit(at=warm.at, surface=warm.surface, reasons=(), smiles=(), quotes=(), dropped=())
    assert fit(cleaned[12], bare).surface == warm.surface
    pairs = zip(seen_by(warm, cleaned[12].quotes), seen_by(cold, cleaned[12].quotes), strict=True)
    assert max(abs(one.vol - other.vol) for one, other in pairs) < 5e-3


def test_standard_errors_cover_held_out_mids_and_those_of_the_next_sweep(
    cleaned: list[Cleaned], fits: dict[int, Fit]
) -> None:
    held: list[Seen] = [one for place in SWEEPS for one in held_out_of(cleaned[place])]
    following = [
        one
        for place, found in fits.items()
        if place < 33
        for one in seen_by(found, cleaned[place + 1].quotes)
    ]
    for seen in (held, following):
        covered: dict[int, list[bool]] = defaultdict(list)
        for one in seen:
            days = years(one.quote.at, one.quote.expiry_at) * 365.0
            bucket = sum(days >= bound for bound in BUCKETS)
            covered[bucket].append(abs(one.vol - one.quote.mid_vol) <= 1.645 * one.error)
        shares = {bucket: sum(found) / len(found) for bucket, found in sorted(covered.items())}
        assert all(0.8 <= share <= 0.97 for share in shares.values()), (
            shares
        )  # four sweeps only: 85-95 over all
        assert 0.85 <= sum(map(sum, covered.values())) / len(seen) <= 0.95
