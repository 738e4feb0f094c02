"""From the settings to what a market on real venues is made of; everything that is wrong with them is found here.

Nothing connects, and nothing is written.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from pricing.calendar import Calendar
from pricing.fact import Fault
from pricing.instruments import Instrument
from rfq.feeds.observations.files import FileError, read_calendar
from rfq.feeds.observations.push import is_loopback
from rfq.feeds.recorder.rows import Recorded
from rfq.feeds.scene.naming import instrument_named, instrument_sizing
from rfq.feeds.scene.underlying import Key, Scene, Told
from rfq.feeds.venues.adapter import Adapter
from rfq.feeds.venues.catalogue import VENUES, make_adapter
from rfq.ops.feed_sections import Feeds
from rfq.ops.problems import ConfigInvalid, Problem

DERIBIT: Final = "deribit"
CHAINED: Final = ("BTC", "ETH")


class Plan(NamedTuple):
    """Scenes by underlying, index keys by currency, underlyings with a chain, releases; what is wanted of each venue,
    and the adapters by venue."""

    scenes: dict[str, Scene]
    rates: dict[Key, str]
    chains: frozenset[str]
    releases: Calendar
    wanted: list[Recorded]
    adapters: dict[str, Adapter]


def plan_of(settings: Feeds, env: Mapping[str, str]) -> Plan:
    """What the settings mean. Raises ConfigInvalid with everything that cannot be meant."""
    scenes, problems = _scenes(settings)
    rates = {_key(spelled): currency for currency, spelled in settings.rates.items()}
    problems += [
        Problem("feeds", f"feeds.rates.{currency}", f"{venue!r} tells no USD index; deribit does")
        for (venue, _), currency in rates.items()
        if venue != DERIBIT
    ]
    releases, found = _releases(settings)
    problems += [*found, *_push_problems(settings, env)]
    chains = frozenset(name for name, one in settings.underlyings.items() if one.chain)
    wanted = wanted_of(scenes, rates, chains, settings.levels_max)
    adapters, found = _adapters(wanted)
    problems += found
    if problems:
        raise ConfigInvalid(problems)
    return Plan(scenes, rates, chains, releases, wanted, adapters)


def _key(spelled: str) -> Key:
    venue, _, symbol = spelled.partition(":")
    return venue, symbol


def _scenes(settings: Feeds) -> tuple[dict[str, Scene], list[Problem]]:
    """A scene for each underlying, and what is wrong with the names."""
    scenes: dict[str, Scene] = {}
    problems: list[Problem] = []
    for name, one in settings.underlyings.items():
        where = f"feeds.underlyings.{name}"
        instruments: dict[Key, Instrument] = {}
        names: dict[str, str] = {}
        for spelled in one.keys:
            venue, symbol = _key(spelled)
            if venue not in VENUES:
                problems.append(
                    Problem("feeds", where, f"{venue!r} is no venue; there are {', '.join(VENUES)}")
                )
                continue
            instrument = instrument_named(venue, symbol)
            if isinstance(instrument, Fault):
                problems.append(
                    Problem("feeds", where, f"{spelled}: {instrument.field} {instrument.problem}")
                )
            elif instrument.underlying != name:
                problems.append(Problem("feeds", where, f"{spelled} is on {instrument.underlying}"))
            elif (other := names.get(instrument.name)) is not None:
                words = f"{spelled} and {other} are both called {instrument.name}: take one of them"
                problems.append(Problem("feeds", where, words))
            else:
                names[instrument.name] = spelled
                instruments[venue, symbol] = instrument
        if one.chain and name not in CHAINED:
            words = f"Deribit's options settled in coin are on {', '.join(CHAINED)}; there is no such chain on {name}"
            problems.append(Problem("feeds", f"{where}.chain", words))
        lead = _key(one.lead)
        if lead in instruments:
            scenes[name] = Scene(Told(name, instruments, lead, instrument_sizing(instruments[lead])))
    return scenes, problems


def _adapters(wanted: list[Recorded]) -> tuple[dict[str, Adapter], list[Problem]]:
    """The venues' adapters, by venue, and names that none of theirs can be."""
    found: dict[str, Adapter] = {}
    problems: list[Problem] = []
    for one in wanted:
        try:
            found[one.venue] = make_adapter(one.venue, one.symbols, indices=one.indices, chains=one.chains)
        except ValueError as error:
            problems.append(Problem("feeds", "feeds", str(error)))
    return found, problems


def _push_problems(settings: Feeds, env: Mapping[str, str]) -> list[Problem]:
    """A door without the token that it should have stays shut: who set a name for it wants it asked for."""
    push = settings.push
    if push.port is None:
        return []
    if push.token_env and not env.get(push.token_env):
        words = f"the environment variable {push.token_env} is empty or not there"
        return [Problem("feeds", "feeds.push.token_env", words)]
    if not push.token_env and not is_loopback(push.host):
        words = f"{push.host} is beyond loopback: name the variable with its token in token_env"
        return [Problem("feeds", "feeds.push.host", words)]
    return []


def _releases(settings: Feeds) -> tuple[Calendar, list[Problem]]:
    """The calendar of the file; a row that cannot be read is a problem: a release that nobody guards is worse than a
    desk that does not start."""
    if settings.calendar is None:
        return Calendar(), []
    where = "feeds.calendar"
    try:
        calendar, refused = read_calendar(settings.calendar)
    except FileError as error:
        return Calendar(), [Problem("feeds", where, str(error))]
    return calendar, [
        Problem("feeds", where, f"{settings.calendar} row {one.row}: {one.fault.field} {one.fault.problem}")
        for one in refused
    ]


def wanted_of(
    scenes: Mapping[str, Scene], rates: Mapping[Key, str], chains: frozenset[str], levels_max: int
) -> list[Recorded]:
    """Venue by venue the symbols whose books are kept, the indices and the chains."""
    symbols: dict[str, dict[str, None]] = {}
    for scene in scenes.values():
        for venue, symbol in scene.instruments:
            symbols.setdefault(venue, {})[symbol] = None
    if chains or rates:
        symbols.setdefault(DERIBIT, {})
    indices = tuple([symbol for _, symbol in rates])
    on = tuple([f"{name.lower()}_usd" for name in sorted(chains)])
    return [
        Recorded(
            venue=venue,
            symbols=tuple(names),
            indices=indices if venue == DERIBIT else (),
            chains=on if venue == DERIBIT else (),
            levels_max=levels_max,
        )
        for venue, names in symbols.items()
    ]
