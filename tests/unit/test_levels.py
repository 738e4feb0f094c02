"""Levels read from JSON text: exactly or not at all, with the same words from both engines."""

import sys
from collections.abc import Iterator

import pytest
from book_cases import compile_books

from rfq.feeds import levels
from rfq.feeds.compiled import engine
from rfq.feeds.levels import DERIBIT, OKX, PAIRS, Scale, Unread

SCALE = Scale(2, 4)


@pytest.fixture(params=["plain", "compiled"])
def _engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param == "plain":
        monkeypatch.setattr(engine, "_ready", {})
    else:
        compile_books(request.config)
    yield


READ = [
    (b'[["61800.2","0.5"],["61800.20","0"]]', PAIRS, [(6_180_020, 5_000), (6_180_020, 0)]),
    (b"[[61800.2, 0.5],[-1.25,3]]", PAIRS, [(6_180_020, 5_000), (-125, 30_000)]),
    (b'[["1e2","5.0E-4"],["1.5e+1","20000e-4"]]', PAIRS, [(10_000, 5), (1_500, 20_000)]),
    (b'[["0.5000000000000000000000000","00000000000000000000001"]]', PAIRS, [(50, 10_000)]),
    (b'[["0","0.0000"],["0e999999999","0"]]', PAIRS, [(0, 0), (0, 0)]),
    (b" [ ] ", PAIRS, []),
    (b' \n[ [ "1" ,\t"2" ] , [3,4]\r] ', PAIRS, [(100, 20_000), (300, 40_000)]),
    (b'[["41006.8","0.6","0","1"],["41006.3","0","x-1",null]]', OKX, [(4_100_680, 6_000), (4_100_630, 0)]),
    (b'[["1","2"]]', OKX, [(100, 20_000)]),
    (
        b'[["new",61800.5,10.0],["change",61800,5.0e-4],["delete",61799.5,3.0]]',
        DERIBIT,
        [(6_180_050, 100_000), (6_180_000, 5), (6_179_950, 0)],
    ),
    (b'[["delete",1.0,0.0],["new", 2.0 , 1]]', DERIBIT, [(100, 0), (200, 10_000)]),
    (b"[[61800.5,10.0]]", DERIBIT, [(6_180_050, 100_000)]),
    (
        b'[["23058430092136939.5","1"]]',
        PAIRS,
        Unread("too large", "level 0", '[["23058430092136939.5","1"]]'),
    ),
]


@pytest.mark.usefixtures("_engine")
@pytest.mark.parametrize(("text", "shape", "found"), READ)
def test_levels_are_read_exactly(text: bytes, shape: int, found: object) -> None:
    answer = levels.read(text, SCALE, shape)
    assert (answer if isinstance(answer, Unread) else levels.pairs(answer)) == found


REFUSED = [
    (b'[["1.001","1"]]', PAIRS, "more decimals than the instrument has", 0),
    (b'[["1","1"],["1","1e-5"]]', PAIRS, "more decimals than the instrument has", 1),
    (b'[["1","0.000000000000000000000000000000001"]]', PAIRS, "more decimals than the instrument has", 0),
    (b'[["1","99999999999999999999"]]', PAIRS, "too large", 0),
    (b'[["1e30","1"]]', PAIRS, "too large", 0),
    (b'[["1e99999999999999999999","1"]]', PAIRS, "too large", 0),
    (b'[["1","-2"]]', PAIRS, "a size below zero", 0),
    (b'[["1","2","3"]]', PAIRS, "a level of another length", 0),
    (b'[["1"]]', PAIRS, "a level of another length", 0),
    (b"[[]]", PAIRS, "a level of another length", 0),
    (b'[["new",1,2]]', PAIRS, "not a number", 0),
    (b'[["newer",1,2]]', DERIBIT, "neither new, change nor delete", 0),
    (b'[["","2"]]', PAIRS, "not a number", 0),
    (b'[["1.","2"]]', PAIRS, "not a number", 0),
    (b'[[".5","2"]]', PAIRS, "not a number", 0),
    (b'[["+1","2"]]', PAIRS, "not a number", 0),
    (b'[["1e","2"]]', PAIRS, "not a number", 0),
    (b'[["1_0","2"]]', PAIRS, "not a number", 0),
    (b'[[" 1","2"]]', PAIRS, "not a number", 0),
    (b'[["0x1","2"]]', PAIRS, "not a number", 0),
    (b'[["NaN","2"]]', PAIRS, "not a number", 0),
    ('[["١","2"]]'.encode(), PAIRS, "not a number", 0),
    (b'[["1,"2"]]', PAIRS, "not a number", 0),
    (b'[["1","2"', PAIRS, "not an array of levels", 0),
    (b'[["1","2"],]', PAIRS, "not an array of levels", 1),
    (b'[["1","2"]]x', PAIRS, "not an array of levels", 1),
    (b'[["1" "2"]]', PAIRS, "not an array of levels", 0),
    (b"", PAIRS, "not an array of levels", 0),
    (b"null", PAIRS, "not an array of levels", 0),
    (b'{"1":"2"}', PAIRS, "not an array of levels", 0),
    (b'[["1","2","\\"","3"]]', OKX, "not an array of levels", 0),
    (b'[["1","2",]]', OKX, "not an array of levels", 0),
]


@pytest.mark.usefixtures("_engine")
@pytest.mark.parametrize(("text", "shape", "what", "level"), REFUSED)
def test_what_is_not_levels_is_refused_with_words(text: bytes, shape: int, what: str, level: int) -> None:
    excerpt = text[:80].decode("utf-8", "replace")
    assert levels.read(text, SCALE, shape) == Unread(what, f"level {level}", excerpt)


@pytest.mark.usefixtures("_engine")
@pytest.mark.parametrize(
    "text", [b"[" * 60_000, b'[["' + b"9" * 60_000, b'[["1.' + b"0" * 60_000 + b'","1"]]']
)
def test_long_nonsense_costs_little(text: bytes) -> None:
    answer = levels.read(text)
    assert isinstance(answer, Unread) and answer.where == "level 0"


def test_single_numbers_are_exact_too() -> None:
    assert levels.exact("61800.25", 2) == 6_180_025
    assert levels.exact(5e-05, 5) == 5
    assert levels.exact(1e22, 0) is None
    assert levels.exact("61800.255", 2) is None
    assert levels.exact("1.5x", 2) is None
    assert levels.exact(float("nan"), 2) is None


def test_levels_change_form_without_loss() -> None:
    told = [(1, 2), (3, 1 << 60)]
    assert levels.pairs(levels.array(told)) == told
    assert levels.array([]).shape == (0, 2)


def test_without_numba_it_stays_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_ready", {})
    monkeypatch.setitem(sys.modules, "numba", None)
    assert levels.warm() == "plain: numba is not installed"
    assert levels.read(b'[["1","2"]]') == [(100_000_000, 200_000_000)]
    assert not engine.is_compiled()
