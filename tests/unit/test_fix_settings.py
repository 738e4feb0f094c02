"""`[fix]`: what is said is taken, every mistake is told at once by its key, and no password stands anywhere."""

from pathlib import Path

import pytest

from rfq.cli.config import toml_lines
from rfq.domain.ids import PartyId
from rfq.ops.fix_sections import Fix, FixSession, passwords_of
from rfq.ops.problems import ConfigInvalid, Problem
from rfq.ops.settings import Settings, load
from rfq.sim.realtime import demo_sessions, people
from rfq.wire.gateway import dialects_of, parties_of, peers_of

GOOD = """
[fix]
enabled = true
port = 0
allowed = ["10.0.0.0/8"]
[[fix.sessions]]
name = "alpha"
peer_comp_id = "ALPHA"
party = "client-x"
dialect = "fix44"
aliases = { "DESK 1" = "client-y" }
symbols = { "BTC-PERPETUAL" = "XBTUSD" }
username = "alpha"
password_env = "ALPHA_PASSWORD"
hours = ["mon-fri 07:00-17:00"]
reset = "17:00"
[fix.sessions.changes]
digits = 6
[[fix.sessions]]
name = "dealer"
role = "initiator"
connect = ["localhost:9000"]
peer_comp_id = "D1"
party = "dealer-x"
asks = false
quotes = true
cancel_on_disconnect = false
[[fix.sessions]]
name = "copies"
peer_comp_id = "BACK"
drop_copy = true
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads a rfq.toml that happens to lie about."""
    monkeypatch.chdir(tmp_path)


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "desk.toml"
    path.write_text(text)
    return load(path, {})


def problems(tmp_path: Path, text: str) -> dict[str, str]:
    with pytest.raises(ConfigInvalid) as caught:
        read(tmp_path, text)
    return {one.key: one.message for one in caught.value.problems}


def session(**more: object) -> FixSession:
    return FixSession.model_validate({"name": "a", "peer_comp_id": "A", "party": "p", **more})


def test_sessions_are_read_and_say_who_is_behind_them(tmp_path: Path) -> None:
    fix = read(tmp_path, GOOD).fix
    alpha, dealer, copies = peers_of(fix)
    assert alpha.parties == ("client-x", "client-y") and alpha.symbols.theirs("BTC-PERPETUAL") == "XBTUSD"
    assert dealer.party == "dealer-x" and copies.parties == () and copies.drop_copy
    rights = {one.id: (one.may_ask, one.may_quote, one.cancel_on_disconnect) for one in parties_of(fix)}
    assert rights == {
        "client-x": (True, False, True),
        "client-y": (True, False, True),
        "dealer-x": (False, True, False),
    }
    dialects = dialects_of(fix)
    assert (dialects["alpha"].begin, dialects["alpha"].digits) == ("FIX.4.4", 6)
    assert dialects["dealer"] is dialects["copies"], "who speaks alike shares what is compiled"
    assert fix.sessions[0].opens.reset_every


def test_what_is_shown_can_be_read_again(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD)
    shown = "\n".join(toml_lines(found.model_dump()))
    assert "secret" not in shown and "ALPHA_PASSWORD" in shown
    assert read(tmp_path, shown).fix == found.fix


def test_every_mistake_is_told_at_once_by_its_key(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
[fix]
port = 99999
allowed = ["10.0.0.0/40"]
tsl = 1
[fix.tls]
key = "k.pem"
[[fix.sessions]]
nam = "a"
peer_comp_id = "A B"
role = "initiator"
[[fix.sessions]]
name = "b"
peer_comp_id = "B"
party = "p"
dialect = "fix43"
hours = ["9 to 5"]
reset = "noon"
heartbeat_ms = 5
password = "x"
symbols = { a = "X", b = "X" }
[[fix.sessions]]
name = "c"
peer_comp_id = "C"
party = "p"
drop_copy = true
changes = { digits = 5 }
""",
    )
    assert set(found) == {
        *("fix.port", "fix.allowed", "fix.tsl", "fix.tls.key"),
        *("fix.sessions.0.name", "fix.sessions.0.peer_comp_id", "fix.sessions.0.nam"),
        *("fix.sessions.0.connect", "fix.sessions.0.drop_copy"),
        *("fix.sessions.1.dialect", "fix.sessions.1.hours", "fix.sessions.1.reset"),
        *("fix.sessions.1.heartbeat_ms", "fix.sessions.1.password", "fix.sessions.1.symbols"),
        *("fix.sessions.2.drop_copy", "fix.sessions.2.changes"),
    }
    assert found["fix.sessions.0.nam"] == "unknown key; did you mean `name`?"
    assert "fix42" in found["fix.sessions.1.dialect"]
    assert "heartbeat_s" in found["fix.sessions.1.heartbeat_ms"]


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        ({}, {"peer_comp_id": "B", "party": "q"}, "name a"),
        ({}, {"name": "b", "peer_comp_id": "B"}, "party p"),
        ({}, {"name": "b", "party": "q"}, "CompIDs FIXT.1.1 DESK/A"),
        ({"aliases": {"X": "q"}}, {"name": "b", "peer_comp_id": "B", "party": "q"}, "party q"),
    ],
)
def test_sessions_do_not_share(one: dict[str, object], other: dict[str, object], what: str) -> None:
    with pytest.raises(ValueError, match=f"two sessions have the {what}"):
        Fix(sessions=(session(**one), session(**other)))


def test_the_same_comp_ids_in_another_version_are_another_session() -> None:
    both = (session(), session(name="b", party="q", dialect="fix44"))
    assert len(Fix(sessions=both).sessions) == 2


def test_passwords_come_from_the_environment_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from file\n")
    fix = Fix(
        sessions=(
            session(password_env="A_PASSWORD"),
            session(name="b", peer_comp_id="B", party="q", password_file=file),
            session(name="c", peer_comp_id="C", party="r"),
        )
    )
    assert passwords_of(fix, {"A_PASSWORD": "from env"}) == {"a": "from env", "b": "from file", "c": ""}
    file.unlink()
    with pytest.raises(ConfigInvalid) as caught:
        passwords_of(fix, {})
    keys = [problem.key for problem in caught.value.problems]
    assert keys == ["fix.sessions.0.password_env", "fix.sessions.1.password_file"]
    assert all(isinstance(one, Problem) for one in caught.value.problems)
    with pytest.raises(ValueError, match="not both"):
        session(password_env="A", password_file=file)


def test_beside_real_counterparties_only_those_are_simulated_who_are_asked_for(tmp_path: Path) -> None:
    fix = read(tmp_path, GOOD).fix
    plain = load(None, {})
    assert people(plain, "clients", None, False) == 10 and people(plain, "dealers", fix, False) == 0
    assert people(plain, "clients", fix, True) == 10
    asked = load(None, {"RFQ_WORLD__DEALERS": "3"})
    assert people(asked, "dealers", fix, False) == 3 and people(asked, "clients", fix, False) == 0


def test_the_demo_s_sessions_are_its_people(tmp_path: Path) -> None:
    fix = demo_sessions(4, 5, tmp_path)
    assert [one.id for one in parties_of(fix)][:2] == [PartyId("client-01"), PartyId("client-02")]
    assert sum(one.dialect == "fix44" for one in fix.sessions) == 2
    assert sum(one.quotes for one in fix.sessions) == 5
