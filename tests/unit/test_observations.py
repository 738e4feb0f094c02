"""Observations: rows, files, the scorer, what the accumulator knows and when."""

from pathlib import Path

import pytest

from pricing.fact import Fault
from rfq.desk.features.outside import CHAIN_FLOW, DEX_DEPTH, MACRO, NOTHING, SENTIMENT, Observed, OutsideFlow
from rfq.feeds.observations.files import FileError, read_observations
from rfq.feeds.observations.rows import Kind, Observation, instant, read_row
from rfq.feeds.observations.sentiment import Scored, observed, score

S = 10**9
HOUR = 3600 * S
AT = 1_790_000_000 * S
NEWS = {"kind": "news", "source": "wire", "text": "Bitcoin rallies"}


def test_a_pushed_row_is_known_when_it_was_read_whatever_it_claims() -> None:
    row = read_row({**NEWS, "received_at": "2020-01-01T00:00:00Z", "event_at": 1_600_000_000}, AT)
    assert isinstance(row, Observation)
    assert (row.received_at, row.event_at, row.kind) == (AT, 1_600_000_000 * S, Kind.NEWS)


@pytest.mark.parametrize(
    ("change", "field", "word"),
    [
        ({"received_at": ""}, "received_at", "missing"),
        ({"received_at": "2026-01-31T12:00:00"}, "received_at", "time zone"),
        ({"received_at": "yesterday"}, "received_at", "'yesterday'"),
        ({"received_at": "12"}, "received_at", "no instant"),
        ({"received_at": "9" * 30}, "received_at", "no instant"),
        ({"received_at": "²²²²²²²²²²"}, "received_at", "no instant"),
        ({"kind": "gossip"}, "kind", "gossip"),
        ({"underlying": "BTC"}, "underlying", "subject"),
        ({"source": ""}, "source", "missing"),
        ({"text": " "}, "text", "missing"),
        ({"text": "x" * 4_001}, "text", "4001"),
        ({"subject": "x" * 65}, "subject", "65"),
        ({"kind": "chain", "name": CHAIN_FLOW}, "value", "missing"),
        ({"kind": "chain", "value": "3"}, "name", "missing"),
        ({"kind": "macro", "value": "many"}, "value", "many"),
        ({"kind": "macro", "value": "nan"}, "value", "finite"),
    ],
)
def test_a_row_is_refused_with_its_field_and_why(change: dict[str, str], field: str, word: str) -> None:
    found = read_row({"received_at": str(AT), **NEWS, **change}, None)
    assert isinstance(found, Fault)
    assert found.field == field
    assert word in found.problem


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1790000000", AT),
        ("1790000000000", AT),
        ("1790000000000000", AT),
        (str(AT), AT),
        ("2026-09-21T14:13:20Z", AT),
        ("2026-09-21T16:13:20+02:00", AT),
        ("2026-09-21T14:13:20.000001Z", AT + 1_000),
    ],
)
def test_an_instant_is_read_in_any_unit(text: str, at: int) -> None:
    assert instant(text, "at") == at


def test_a_file_gives_its_rows_in_the_order_of_receipt_and_names_those_it_refuses(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        "received_at,kind,source,subject,name,value,text\n"
        f"{AT + 5},macro,bls,,{MACRO},1.5,\n"
        f"{AT},chain,node,BTC,{DEX_DEPTH},250000,\n"
        ",news,wire,,,,Too late to say when\n"
        f"{AT + 9},news,wire,,,,\n",
        encoding="utf-8",
    )
    found = read_observations(path)
    assert [row.name for row in found.rows] == [DEX_DEPTH, MACRO]
    assert [(each.row, each.fault.field) for each in found.refused] == [(3, "received_at"), (4, "text")]
    assert found.refused_count == 2


def test_a_parquet_file_gives_the_same_rows_as_the_text(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    text, table = tmp_path / "rows.csv", tmp_path / "rows.parquet"
    text.write_text(
        f"received_at,kind,source,subject,name,value\n{AT},macro,bls,,{MACRO},1.5\n", encoding="utf-8"
    )
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{text}')) TO '{table}' (FORMAT parquet)")
    assert read_observations(table).rows == read_observations(text).rows != ()


def test_the_rows_that_the_guide_shows_are_read(tmp_path: Path) -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "FEEDS.md").read_text(encoding="utf-8")
    path = tmp_path / "shown.csv"
    path.write_text(guide.split("```csv\n")[1].split("```")[0], encoding="utf-8")
    found = read_observations(path)
    assert [(row.subject, row.name) for row in found.rows] == [
        ("", "headline"),
        ("ETH", DEX_DEPTH),
        ("BTC", CHAIN_FLOW),
        ("", MACRO),
    ]
    assert found.refused_count == 0


def test_an_underlying_under_another_name_is_not_taken_for_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    head, row = "received_at,kind,source,name,value", f"{AT},chain,node,{CHAIN_FLOW},3"
    path.write_text(f"{head},underlying\n{row},BTC\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"no such column: underlying; there are .*subject"):
        read_observations(path)
    path.write_text(f"{head}\n{row},BTC\n{row}\n", encoding="utf-8")
    found = read_observations(path)
    assert len(found.rows) == 1 and found.refused[0].row == 1


@pytest.mark.parametrize("name", ["absent.csv", "no_column.csv", "bytes.csv", "absent.parquet"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "no_column.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "bytes.csv").write_bytes(b"kind\n\xff\xfe\xfa\n")
    with pytest.raises(FileError, match=name):
        read_observations(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "sign", "subjects"),
    [
        ("Bitcoin rallies after ETF approval", 1, ("BTC",)),
        ("Exchange hacked, funds stolen", -1, ()),
        ("SEC denies fraud probe into Ethereum", 1, ("ETH",)),
        ("Bitcoin not banned in Chile", 1, ("BTC",)),
        ("$SOL and BTC: volumes unchanged", 0, ("SOL", "BTC")),
        ("", 0, ()),
    ],
)
def test_a_headline_has_the_sign_that_a_reader_gives_it(
    text: str, sign: int, subjects: tuple[str, ...]
) -> None:
    found = score(text)
    assert (found.score > 0) - (found.score < 0) == sign
    assert set(found.subjects) == set(subjects)
    assert (sign == 0) == (not found.why)


def test_degrees_scale_and_the_words_that_counted_are_told() -> None:
    plain, huge, slight = score("Ether falls"), score("Huge: Ether falls"), score("Ether slightly falls")
    assert huge.score < plain.score < slight.score < 0
    assert plain.why == (("falls", -0.4),)


def test_a_better_scorer_plugs_in() -> None:
    row = Observation(received_at=AT, kind=Kind.NEWS, source="wire", name="headline", text="anything")
    assert observed(row, lambda text: Scored(0.25, ("ETH", "BTC"), ((text, 0.25),))) == (
        Observed(AT, "ETH", SENTIMENT, 0.25),
        Observed(AT, "BTC", SENTIMENT, 0.25),
    )
    named = Observation(
        received_at=AT, kind=Kind.NEWS, source="wire", name="headline", text="x", subject="SOL"
    )
    assert [each.subject for each in observed(named)] == ["SOL"]


def test_nothing_is_known_before_it_was_received() -> None:
    flow = OutsideFlow()
    assert flow.read(AT, "BTC") == NOTHING
    flow.saw(Observed(AT, "BTC", SENTIMENT, 1.0))
    known = flow.read(AT, "BTC")
    assert (known.sentiment_score_1h, known.news_count_1h) == (1.0, 1.0)
    assert flow.read(AT, "ETH") == NOTHING


def test_what_concerns_all_concerns_each_and_fades_by_half_in_an_hour() -> None:
    flow = OutsideFlow()
    flow.saw(Observed(AT, "", CHAIN_FLOW, 8e6))
    flow.saw(Observed(AT, "BTC", CHAIN_FLOW, 2e6))
    assert flow.read(AT, "BTC").chain_flow_usd_1h == pytest.approx(10e6)
    assert flow.read(AT + HOUR, "BTC").chain_flow_usd_1h == pytest.approx(5e6)
    assert flow.read(AT + 3 * HOUR, "ETH").chain_flow_usd_1h == pytest.approx(1e6)


def test_sentiment_is_a_mean_in_which_the_newer_counts_more() -> None:
    flow = OutsideFlow()
    flow.saw(Observed(AT, "BTC", SENTIMENT, -1.0))
    flow.saw(Observed(AT + HOUR, "BTC", SENTIMENT, 1.0))
    assert flow.read(AT + HOUR, "BTC").sentiment_score_1h == pytest.approx(1 / 3)
    flow.saw(Observed(AT + HOUR, "BTC", SENTIMENT, 40.0))
    assert -1.0 <= flow.read(AT + HOUR, "BTC").sentiment_score_1h <= 1.0


def test_depth_is_the_last_one_told_and_not_known_after_a_day() -> None:
    flow = OutsideFlow()
    flow.saw(Observed(AT, "BTC", DEX_DEPTH, 5.0))
    flow.saw(Observed(AT + S, "BTC", DEX_DEPTH, 7.0))
    assert flow.read(AT + S, "BTC").dex_depth_usd == 7.0
    assert flow.read(AT + 25 * HOUR, "BTC").dex_depth_usd == 0.0


def test_a_name_that_no_feature_reads_is_counted() -> None:
    flow = OutsideFlow()
    flow.saw(Observed(AT, "BTC", "moon_phase", 0.5))
    assert flow.unknown == 1
    assert flow.read(AT, "BTC") == NOTHING


def test_the_subjects_are_bounded() -> None:
    flow = OutsideFlow()
    for number in range(1_500):
        flow.saw(Observed(AT, f"C{number}", SENTIMENT, 0.5))
    assert flow.unknown == 500
