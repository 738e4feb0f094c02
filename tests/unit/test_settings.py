"""Settings: what is said is taken, what is wrong is named, and `[desk]` is the desk's Policy."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from pricing.venues.tables import TABLES
from rfq.domain.policy import Allocation, Policy
from rfq.ops import settings
from rfq.ops.problems import ConfigInvalid, Problem, suggest, unit_of
from rfq.ops.settings import Settings, load
from rfq.ops.standard import STANDARD_POLICY


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads a rfq.toml that happens to lie about."""
    monkeypatch.chdir(tmp_path)


def toml(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "desk.toml"
    path.write_text(text)
    return path


def problems(path: Path | str | None, env: dict[str, str] | None = None) -> list[Problem]:
    with pytest.raises(ConfigInvalid) as caught:
        load(path, env or {})
    return list(caught.value.problems)


def test_nothing_said_is_the_standard() -> None:
    found = load()
    assert found.policy == STANDARD_POLICY
    assert found.audit.segment_records == 10_000
    assert found.audit.url == "sqlite:///.rfq/desk.db"
    assert found.chain.id == "desk"


def test_the_desk_section_mirrors_the_policy_strictly() -> None:
    desk = load().desk
    names = [field.name for field in msgspec.structs.fields(Policy) if field.name != "venues"]
    assert list(type(desk).model_fields) == names
    terms = type(desk.terms)  # type: ignore[attr-defined]
    assert list(terms.model_fields) == [f.name for f in msgspec.structs.fields(type(STANDARD_POLICY.terms))]


def test_a_file_and_the_environment_over_it(tmp_path: Path) -> None:
    path = toml(
        tmp_path,
        '[audit]\npath = "a.db"\nsegment_records = 50\n'
        '[desk]\nquote_ttl_ms = 900\nrequote_move_bps = 0.1\nallocation = "pro_rata"\n'
        "markout_horizons_s = [1, 5]\n[desk.terms]\nedge_bps_min = 0.3\n[world]\nask_every_s = 1.5\n",
    )
    env = {"RFQ_AUDIT__PATH": "b.db", "RFQ_DESK__TERMS__FEE_BPS": "0.7", "PATH": "x", "RFQ_TEST_POINT": "y"}
    found = load(path, env)
    assert (found.audit.path, found.audit.segment_records) == (Path("b.db"), 50)
    policy = found.policy
    assert policy.quote_ttl_ms == 900
    assert str(policy.requote_move_bps) == "0.1"  # not what a float makes of it
    assert policy.allocation is Allocation.PRO_RATA
    assert policy.markout_horizons_s == (1, 5)
    assert (policy.terms.edge_bps_min, policy.terms.fee_bps) == (0.3, 0.7)
    assert type(policy.terms.edge_bps_min) is float
    assert found.world.ask_every_s == 1.5
    assert policy.rfq_ttl_ms == STANDARD_POLICY.rfq_ttl_ms


def test_a_list_from_the_environment_is_json() -> None:
    assert load(None, {"RFQ_DESK__MARKOUT_HORIZONS_S": "[2, 3]"}).policy.markout_horizons_s == (2, 3)
    (problem,) = problems(None, {"RFQ_DESK": "{nonsense"})
    assert "is not JSON" in problem.message


def test_the_file_is_found_by_name_or_by_variable(tmp_path: Path) -> None:
    (tmp_path / "rfq.toml").write_text("[world]\nseed = 11\n")
    assert load().world.seed == 11
    other = toml(tmp_path, "[world]\nseed = 12\n")
    assert load(None, {"RFQ_CONFIG": str(other)}).world.seed == 12
    assert load(other, {"RFQ_CONFIG": "not-read.toml"}).world.seed == 12


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (
            "[desk]\nquote_ttl_s = 5\n",
            "desk.quote_ttl_s",
            "wrong unit: it is given in milliseconds, as `quote_ttl_ms`",
        ),
        ("[desk]\nmarket_age_s_max = 5\n", "desk.market_age_s_max", "as `market_age_ms_max`"),
        ("[desk]\nquote_tll_ms = 5\n", "desk.quote_tll_ms", "did you mean `quote_ttl_ms`?"),
        ("[desk.terms]\nedge_pct_min = 5\n", "desk.terms.edge_pct_min", "basis points, as `edge_bps_min`"),
        ("[audits]\n", "audits", "did you mean `audit`?"),
        ("[audit]\nzzz = 1\n", "audit.zzz", "unknown key; known here: path, durable"),
        ("[audit]\nseed = 1\n", "audit.seed", "it belongs in [world]"),
        ('[desk]\nquote_ttl_ms = "5s"\n', "desk.quote_ttl_ms", "a plain number, in milliseconds"),
        ("[desk]\nquote_ttl_ms = 2.5\n", "desk.quote_ttl_ms", "integer"),
        ("[desk]\nquote_ttl_ms = true\n", "desk.quote_ttl_ms", "no value for this key"),
        ("[desk]\nquote_ttl_ms = 0\n", "desk.quote_ttl_ms", "must be above 0"),
        ("[desk]\ncollect_ms = 40000\n", "desk.collect_ms", "must not exceed rfq_ttl_ms"),
        ("[desk]\nnotional_usd_max = nan\n", "desk.notional_usd_max", "finite"),
        ("[desk.terms]\nfee_bps = inf\n", "desk.terms.fee_bps", "finite"),
        ('[desk]\nallocation = "auction"\n', "desk.allocation", "pro_rata"),
        ('[chain]\nid = "Desk One"\n', "chain.id", "pattern"),
        ("[audit]\nsegment_records = 1\n", "audit.segment_records", "greater than or equal to 10"),
        ("audit = 3\n", "audit", "dictionary"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, key: str, words: str) -> None:
    path = toml(tmp_path, text)
    (problem,) = problems(path)
    assert problem.key == key
    assert words in problem.message
    assert problem.source == str(path)
    assert str(problem).startswith(f"{path}: {key}: ")


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = toml(tmp_path, "[desk]\nquote_ttl_s = 5\npanel_size = 'x'\n[nowhere]\n")
    env = {"RFQ_WORLD__SEED": "-1", "RFQ_DESK_QUOTE_TTL_MS": "5", "RFQ_LOGS__LEVLE": "info"}
    found = problems(path, env)
    assert {(problem.source, problem.key) for problem in found} == {
        (str(path), "desk.quote_ttl_s"),
        (str(path), "desk.panel_size"),
        (str(path), "nowhere"),
        ("RFQ_WORLD__SEED", "world.seed"),
        ("RFQ_LOGS__LEVLE", "logs.levle"),
        ("RFQ_DESK_QUOTE_TTL_MS", ""),
    }
    assert "RFQ_DESK__" in str(ConfigInvalid(found))


def test_rules_between_numbers_name_the_environment_too() -> None:
    (problem,) = problems(None, {"RFQ_DESK__COLLECT_MS": "40000"})
    assert (problem.source, problem.key) == ("RFQ_DESK__COLLECT_MS", "desk.collect_ms")


def test_a_file_that_is_not_there_or_not_toml(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path / "none.toml")
    assert "cannot be read" in problem.message
    (problem,) = problems(toml(tmp_path, "[audit\n"))
    assert "is not TOML" in problem.message
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    (problem,) = problems(tmp_path / "bytes.toml")
    assert "is not TOML" in problem.message


def test_settings_do_not_change_and_show_as_json() -> None:
    found = load()
    with pytest.raises(ValueError, match="frozen"):
        found.chain = found.chain  # type: ignore[misc]
    shown = found.model_dump(mode="json")
    assert shown["desk"]["terms"]["fee_bps"] == STANDARD_POLICY.terms.fee_bps
    assert set(shown) == set(Settings.model_fields)


def test_every_number_with_a_time_or_money_in_it_carries_its_unit() -> None:
    for name, field in Settings.model_fields.items():
        keys = settings._fields(field.annotation)
        for key in keys:
            if any(
                word in key for word in ("ttl", "deadline", "age", "every", "timeout", "notional", "edge")
            ):
                assert unit_of(key), f"{name}.{key}"


def test_suggestions() -> None:
    assert suggest("size_ms", ["size"]) == "wrong unit: it is `size`, without a unit"
    assert unit_of("plain") is None
    assert Decimal(str(load().desk.requote_move_bps)) == 2  # type: ignore[attr-defined]


def test_the_reserved_room_leaves_some_for_new_requests(tmp_path: Path) -> None:
    (problem,) = problems(toml(tmp_path, "[serve]\ninbox_events_max = 50\ninbox_reserved_events = 50\n"))
    assert problem.key == "serve.inbox_reserved_events" and "less than inbox_events_max" in problem.message
    assert load(None, {"RFQ_SERVE__INBOX_EVENTS_MAX": "1001"}).serve.inbox_new_max == 1


TIERS = (
    '[venues.deribit.option_btc]\nvalue_cap = 0.1\ntiers = [{tier = "", maker = 0.0003, taker = 0.0004}]\n'
)


def test_what_a_venue_charges_can_be_set_by_product(tmp_path: Path) -> None:
    (table,) = load(toml(tmp_path, TIERS)).policy.venues
    assert table.venue == "deribit"
    changed = next(row for row in table.products if row.key == "option_btc")
    assert (changed.value_cap, changed.tiers[0].taker) == (0.1, 0.0004)
    others = [row for row in table.products if row.key != "option_btc"]
    assert others == [row for row in TABLES["deribit"].products if row.key != "option_btc"]
    assert load(env={"RFQ_VENUES__OKX": '{"perpetual_btc": {"combo_discount": 0.5}}'}).policy.venues


@pytest.mark.parametrize(
    ("change", "key", "words"),
    [
        (("option_btc", "option_doge"), "venues.deribit.option_doge", "no such product"),
        (("value_cap", "value_cup"), "venues.deribit.option_btc.value_cup", "no such field"),
        (("0.1", "7"), "venues.deribit.option_btc", "value_cap: 7.0 is no share"),
        (("0.0004", "0.5"), "venues.deribit.option_btc", "taker: 0.5 is no fee"),
    ],
)
def test_what_a_venue_cannot_charge_is_named(
    tmp_path: Path, change: tuple[str, str], key: str, words: str
) -> None:
    (problem,) = problems(toml(tmp_path, TIERS.replace(*change)))
    assert problem.key == key
    assert words in problem.message
    assert problem.source.endswith("desk.toml")
