"""Names: what is spelled is read as the same; what is read is spelled as it stood; no text raises."""

from decimal import Decimal as D
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from pricing.days import days_in, midnight
from pricing.fact import Fault
from pricing.names.fix import TAGS, parse_fix, spell_fix
from pricing.names.listing import instrument_of, named_of
from pricing.names.named import Named
from pricing.names.spelling import VENUES, parse, spell
from pricing.units import DAY_NS, NS_PER_S

venues = st.sampled_from(VENUES)
coins = st.sampled_from(("BTC", "ETH", "SOL", "XRP", "1000PEPE", "A", "USDC", "AFD", "PERP", "BTCUSD"))
quotes = st.sampled_from(("USD", "USDC", "USDT", "EUR", "BTC"))
numbers = st.decimals("0.000001", 10**9, places=6).map(lambda one: one.normalize())


@st.composite
def expiries(draw: st.DrawFn) -> int:
    year, month = draw(st.integers(2000, 2099)), draw(st.integers(1, 12))
    at = midnight(year, month, draw(st.integers(1, days_in(year, month))))
    assert at is not None
    return at + 8 * 3600 * NS_PER_S


@st.composite
def nameds(draw: st.DrawFn) -> Named:
    """Anything that could have a name somewhere."""
    kind = draw(st.sampled_from(("spot", "perpetual", "future", "option")))
    coin = draw(coins)
    inverse = kind != "spot" and draw(st.booleans())
    quote = draw(quotes.filter(lambda one: one != coin))
    fields: dict[str, Any] = {"quote_currency": quote, "settle_currency": quote}
    if inverse:
        fields = {"quote_currency": coin if kind == "option" else "USD", "settle_currency": coin}
    if kind in ("future", "option"):
        fields["expiry_at"] = draw(expiries())
    if kind == "option":
        fields.update(strike=draw(numbers), call=draw(st.booleans()))
    return Named(venue=draw(venues), kind=kind, underlying=coin, inverse=inverse, **fields)


alphabet = st.text(st.sampled_from("BTCUSDE_-/.0123456789ZHPRAWd"), max_size=30)
texts = st.one_of(st.text(max_size=60), alphabet)
fix_texts = st.one_of(texts, st.sampled_from(("BTC/USD", "OPT", "1", "20241227")))


@given(nameds())
def test_what_is_spelled_is_read_as_the_same(named: Named) -> None:
    text = spell(named)
    if isinstance(text, str):
        assert parse(text, named.venue, spot=named.kind == "spot") == named
        assert text.isascii() and text.isprintable()


LISTS = {
    "deribit": {"perpetual": ("BTC", "USDC"), "future": ("BTC", "USDC"), "option": ("BTC", "USDC")},
    "okx": {"perpetual": ("BTC", "USDT", "USDC"), "future": ("BTC", "USDT"), "option": ("BTC",)},
    "bybit": {"perpetual": ("BTC", "USDT", "USDC"), "future": ("USDC", "USDT"), "option": ("USDC", "USDT")},
    "binance": {"perpetual": ("BTC", "USDT", "USDC"), "future": ("BTC", "USDT"), "option": ("USDT",)},
}


@given(expiries(), numbers, st.booleans())
def test_what_a_venue_lists_has_a_name_there(at: int, strike: D, call: bool) -> None:
    for venue, kinds in LISTS.items():
        for kind, settles in kinds.items():
            for settle in settles:
                inverse = settle == "BTC"
                named = Named(
                    venue=venue,
                    kind=kind,
                    underlying="BTC",
                    quote_currency="USD" if inverse and kind != "option" else settle,
                    settle_currency=settle,
                    inverse=inverse,
                    expiry_at=at if kind != "perpetual" else 0,
                    strike=strike if kind == "option" else None,
                    call=call and kind == "option",
                )
                assert isinstance(spell(named), str), named
                assert isinstance(spell_fix(named), dict), named


@example("BTC-27DEC24-65000-C", "deribit", False)
@given(texts, venues, st.booleans())
def test_no_text_raises_and_what_is_read_is_spelled_as_it_stood(text: str, venue: str, spot: bool) -> None:
    found = parse(text, venue, spot=spot)
    if isinstance(found, Fault):
        assert found.field and found.problem.isprintable()
        return
    assert spell(found) == text
    listed = instrument_of(found)
    if not isinstance(listed, Fault):
        assert named_of(listed) == found


@given(st.text(max_size=40), venues)
def test_a_coin_of_any_spelling_is_read_or_refused(coin: str, venue: str) -> None:
    for text in (f"{coin}-PERPETUAL", f"{coin}-USD-SWAP", f"{coin}USDT", f"{coin}USD_PERP", f"{coin}PERP"):
        found = parse(text, venue)
        if isinstance(found, Named):
            assert spell(found) == text


@given(st.dictionaries(st.sampled_from((*TAGS, 48)), fix_texts))
def test_no_tags_raise(tags: dict[int, str]) -> None:
    found = parse_fix(tags)
    if isinstance(found, Named):
        again = spell_fix(found)
        assert isinstance(again, Fault) or parse_fix(again) == found


@given(nameds(), st.one_of(st.none(), numbers), st.booleans())
def test_tags_say_everything(named: Named, size: D | None, as_name: bool) -> None:
    named = msgspec.structs.replace(named, contract_size=size)
    tags = spell_fix(named, as_name=as_name)
    if isinstance(tags, Fault):
        assert as_name or (named.inverse and named.underlying == "USD"), tags
        return
    assert set(tags) <= set(TAGS)
    assert parse_fix(tags, named.venue, spot=named.kind == "spot") == named


@given(expiries())
def test_every_day_of_this_century_has_its_name(at: int) -> None:
    for text in ("BTC-PERPETUAL", "BTC_USDC-PERPETUAL"):
        base = parse(text, "deribit")
        assert isinstance(base, Named)
        named = msgspec.structs.replace(base, kind="future", expiry_at=at)
        name = spell(named)
        assert isinstance(name, str)
        assert parse(name, "deribit") == named
        moved = msgspec.structs.replace(named, expiry_at=at + DAY_NS // 2)
        assert isinstance(spell(moved), Fault), "another hour has no name"
