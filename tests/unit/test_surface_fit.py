"""A fit meets a chain made from a known surface, gives the same bits again, moves little for a tick, says why not."""

import math

import numpy as np
import pytest
from msgspec.structs import replace
from surface_cases import AT, DAYS, FORWARD, chain, quote_of, smile_of, tick

from pricing.market import Surface, VarianceClock
from pricing.surface import fit as fitting
from pricing.surface.checks import margins, violations
from pricing.surface.doubt import DoubtTerms, measured_vol_of_vol, standard_error
from pricing.surface.fit import Fit, fit
from pricing.surface.held_out import held_out_of, met, seen_by, without
from pricing.surface.lookup import vol_of
from pricing.surface.objective import FitTerms, Objective
from pricing.surface.quotes import OptionQuote, VolQuote, clean
from pricing.surface.solve import solve
from pricing.units import DAY_NS, NS_PER_S
from pricing.variance_clock import weekend_weights


@pytest.fixture(scope="module")
def base() -> Fit:
    return fit(clean(chain(half_ticks=2)))


def surface_of(found: Fit) -> Surface:
    assert found.surface is not None, found.reasons
    return found.surface


def vols(found: Fit, quotes: tuple[VolQuote, ...]) -> list[float]:
    surface = surface_of(found)
    return [vol_of(surface, one.expiry_at, one.k, surface.at) or 0.0 for one in quotes]


def test_a_known_surface_comes_back(base: Fit) -> None:
    surface = surface_of(base)
    assert surface.at == AT and len(surface.smiles) == len(DAYS) and base.reasons == ()
    assert violations(surface) == () and min(margins(surface.smiles)) > 0.0
    for one, vol in zip(base.quotes, vols(base, base.quotes), strict=True):
        days = (one.expiry_at - AT) / DAY_NS
        true = math.sqrt(smile_of(days).variance(one.k) / (days / 365.0))
        assert abs(vol - true) <= max(0.0035, one.half_vol)
    for report in base.smiles:
        assert report.inside >= 0.9 and report.two_sided >= 15


def test_unchanged_quotes_give_the_same_bits(base: Fit) -> None:
    cleaned = clean(chain(half_ticks=2))
    assert fit(cleaned, base) is base
    assert fit(cleaned, replace(base, quotes=())) == base  # it has forgotten what it was fitted to
    assert fit(cleaned) == base


def test_unchanged_quotes_under_another_clock_or_other_doubts_are_fitted_again(base: Fit) -> None:
    cleaned = clean(chain(half_ticks=2))
    assert fit(cleaned, base) is base
    clock = VarianceClock(weights=weekend_weights(0.5))
    assert surface_of(fit(cleaned, base, clock=clock)).clock == clock
    assert surface_of(fit(cleaned, base, doubt=DoubtTerms(vol_of_vol=0.9))).vol_of_vol == 0.9
    assert surface_of(fit(cleaned, base, terms=FitTerms(shape=5.0))).smiles != surface_of(base).smiles


def test_a_refit_of_other_quotes_is_where_a_fit_from_nothing_is(base: Fit) -> None:
    later = [
        replace(one, at=AT + 180 * NS_PER_S, bid=max(0.0, one.bid - tick(one.bid)), ask=one.ask)
        for one in chain(half_ticks=2)
    ]
    cleaned = clean(later)
    warm, cold = fit(cleaned, base), fit(cleaned)
    assert warm.surface != base.surface
    near = tuple([one for one in cleaned.quotes if one.is_two_sided])
    assert np.max(np.abs(np.subtract(vols(warm, near), vols(cold, near)))) < 5e-4
    assert fit(cleaned, replace(warm, quotes=())).surface == warm.surface


@pytest.mark.parametrize("place", [0, 5, 10, 17, 20, 24, 31, 41, 52, 63, 73, 83])
def test_a_tick_on_one_quote_moves_no_vol_by_more_than_three_times_its_own(base: Fit, place: int) -> None:
    quotes = chain(half_ticks=2)
    one = quotes[place]
    step = tick(one.ask)
    for change in ({"ask": one.ask + step}, {"bid": max(0.0, one.bid - step)}):
        moved = fit(clean([*quotes[:place], replace(one, **change), *quotes[place + 1 :]]), base)
        k = math.log(one.strike / FORWARD)
        days = (one.expiry_at - AT) / DAY_NS
        s = math.sqrt(smile_of(days).variance(k))
        density = math.exp(-0.5 * (s / 2.0 - k / s) ** 2) / math.sqrt(2.0 * math.pi)
        own = step / (density * math.sqrt(days / 365.0))
        shift = np.abs(np.subtract(vols(moved, base.quotes), vols(base, base.quotes)))
        assert shift.max() <= 3.0 * own


def test_one_stale_quote_bends_nothing(base: Fit) -> None:
    quotes = chain(half_ticks=2)
    place = 50
    strange = replace(quotes[place], bid=quotes[place].bid * 2.0, ask=quotes[place].ask * 2.0)
    found = fit(clean([*quotes[:place], strange, *quotes[place + 1 :]]))
    assert any("half-spreads from its neighbours" in one.reason for one in found.dropped)
    assert np.max(np.abs(np.subtract(vols(found, base.quotes), vols(base, base.quotes)))) < 0.01


def test_calls_and_puts_of_one_strike_both_count() -> None:
    both = [*chain(), *[quote_of(9.0, 0.02 * place, is_call=place % 2 == 0) for place in range(-3, 4)]]
    found = fit(clean(both))
    assert violations(surface_of(found)) == ()


def test_crossed_term_structure_is_met_as_far_as_no_calendar_allows() -> None:
    def priced(days: float, vol_days: float) -> list[OptionQuote]:
        expiry_at = AT + round(days * DAY_NS)
        return [replace(quote_of(vol_days, 0.02 * place), expiry_at=expiry_at) for place in range(-6, 7)]

    found = fit(clean([*priced(10.0, 14.0), *priced(13.0, 10.0)]))
    if found.surface is None:
        assert found.reasons
    else:
        assert violations(found.surface) == ()
        assert min(one.inside for one in found.smiles) < 0.9


def test_what_cannot_be_fitted_says_why() -> None:
    few = [quote_of(30.0, 0.02 * place) for place in range(3)]
    found = fit(clean(few))
    assert found.surface is None and found.reasons == ("no expiry has enough quotes",)
    assert [one.reason for one in found.dropped if one.part == "expiry"] == [
        "3 two-sided quotes, 4 are needed"
    ]
    last = fit(clean([*chain((9.0,)), *[replace(one, expiry_at=AT + 1_800 * NS_PER_S) for one in few]]))
    assert "in its last hour" in [one.reason for one in last.dropped]
    assert len(surface_of(last).smiles) == 1
    assert fit(clean([])).surface is None


def test_a_fit_that_fails_its_checks_is_not_used_and_says_why(
    base: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pricing.surface.checks import Violation

    wrong = Violation(kind="butterfly", expiry_at=AT, k=0.5, amount=-0.01)
    monkeypatch.setattr(fitting, "violations", lambda _surface: (wrong,))
    found = fit(clean(chain()))
    assert found.surface is None and found.reasons == (str(wrong),)
    assert "butterfly" in found.reasons[0] and "0.5" in found.reasons[0]


def test_penalties_keep_a_smile_from_the_butterfly_that_its_quotes_have() -> None:
    """Vogt's smile, quoted tightly: a fit without the penalty has his arbitrage, one with it has none."""
    from surface_cases import price_of

    from pricing.surface.svi import Raw

    raw = Raw(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, s=0.4153)
    quotes = []
    for place in range(-10, 16):
        k = 0.08 * place
        fair = price_of(k, raw.variance(k), is_call=k >= 0.0)
        quotes.append(
            OptionQuote(
                expiry_at=AT + 365 * DAY_NS,
                strike=FORWARD * math.exp(k),
                is_call=k >= 0.0,
                bid=fair * 0.995,
                ask=fair * 1.005,
                forward=FORWARD,
                at=AT,
            )
        )
    free = FitTerms(butterfly_weight=0.0, wings=0.0, shape=0.0)
    cleaned = clean(quotes)
    kept = [list(cleaned.quotes)]
    bare, _ = solve(Objective(fitting.quoted_of(kept, AT, free), free), None)
    assert min(Raw(*bare[0].tolist()).butterfly(place / 100) for place in range(-200, 201)) < -0.01
    assert violations(surface_of(fit(cleaned))) == ()


def test_half_the_gradient_of_the_objective() -> None:
    terms = FitTerms(
        butterfly_margin=0.9, calendar_margin=0.8, far=0.7, butterfly_weight=2.0, calendar_weight=2.0
    )
    kept, _ = fitting._enough(clean([*chain(), *[replace(quote_of(9.0, 0.4), bid=0.0)]]))
    objective = Objective(fitting.quoted_of(kept, AT, terms), terms)
    rows = objective.start() * 1.07
    worth = objective.worth(rows)
    assert worth is not None
    for place in range(rows.size):
        step = np.zeros(rows.size)
        step[place] = 1e-6 * max(abs(rows.flat[place]), 1e-3)
        up, down = (objective.worth(rows + sign * step.reshape(rows.shape)) for sign in (1.0, -1.0))
        assert up is not None and down is not None
        slope = (up.value - down.value) / (4.0 * step[place])
        assert slope == pytest.approx(worth.gradient[place], rel=2e-4, abs=1e-3)


def test_held_out_strikes() -> None:
    cleaned = clean(chain(half_ticks=2))
    kept, held = without(cleaned, 1)
    assert len(kept.quotes) + len(held) == len(cleaned.quotes)
    assert not {(one.expiry_at, one.strike) for one in held} & {
        (one.expiry_at, one.strike) for one in kept.quotes if one.is_two_sided
    }
    found = met(held_out_of(cleaned))
    assert [one.days for one in found] == ["under 2 days", "2 to 8 days", "from 8 days on"][-len(found) :]
    assert found[-1].inside >= 0.93 and found[-1].distance <= 0.25
    assert seen_by(fit(clean([])), held) == []


def test_doubts_grow_with_the_spread_and_away_from_the_money(base: Fit) -> None:
    wide = fit(clean([quote_of(30.0, 0.02 * place, half_ticks=4) for place in range(-10, 11)]))
    tight = fit(clean([quote_of(30.0, 0.02 * place) for place in range(-10, 11)]))
    wide_smile, tight_smile = surface_of(wide).smiles[0], surface_of(tight).smiles[0]
    assert standard_error(wide_smile, 0.0) > 1.5 * standard_error(tight_smile, 0.0) > 0.0
    assert wide_smile.half_spread > 2.0 * tight_smile.half_spread > 0.0
    for smile in surface_of(base).smiles:
        assert standard_error(smile, 0.4) >= standard_error(smile, 0.0)
        assert smile.doubt_level < smile.doubt_local
    assert surface_of(base).vol_of_vol == DoubtTerms().vol_of_vol


def test_vol_of_vol_from_surfaces() -> None:
    year = 365 * DAY_NS
    surface = surface_of(fit(clean(chain((30.0, 120.0)))))
    hour = year // 10_000
    later = replace(
        surface,
        at=AT + hour,
        smiles=tuple(
            [
                replace(
                    one,
                    a=one.a * (ratio := 1.01**2 * (one.expiry_at - AT - hour) / (one.expiry_at - AT)),
                    b=one.b * ratio,
                )
                for one in surface.smiles
            ]
        ),
    )
    assert measured_vol_of_vol([surface, later]) == pytest.approx(math.log(1.01) * 100.0, rel=1e-6)
    assert measured_vol_of_vol([surface]) == 0.0
