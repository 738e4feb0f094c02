"""Where compiled kernels are kept, when they are compiled, and what is said of it."""

from importlib import metadata
from pathlib import Path

import pytest

from pricing.numeric import engine
from rfq.ops.kernels import cache_folder, must_compile, warm_kernels
from rfq.ops.sections import Kernels


def test_the_cache_is_the_users_unless_a_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_folder(Kernels(cache=tmp_path)) == tmp_path
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder(Kernels()) == tmp_path / "rfq-desk" / "kernels"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder(Kernels()) == tmp_path / ".cache" / "rfq-desk" / "kernels"


def test_switched_off_is_plain(tmp_path: Path) -> None:
    off = Kernels(compile=False, cache=tmp_path)
    assert not must_compile(off)
    assert warm_kernels(off).startswith("plain")
    assert not list(tmp_path.iterdir())


def test_what_was_compiled_here_before_need_not_be_again(tmp_path: Path) -> None:
    pytest.importorskip("numba", reason="kernels are compiled where numba is installed")
    kernels = Kernels(cache=tmp_path)
    if engine.is_compiled():
        pytest.skip("this process has compiled them")
    assert must_compile(kernels)
    (tmp_path / engine.code_hash(metadata.version("numba"))).mkdir()
    assert not must_compile(kernels)


def test_others_are_warmed_in_the_same_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(engine, "warm", lambda folder: told.append(folder) or "numbers: plain")

    def warm(folder: str) -> str:
        told.append(folder)
        return "books: compiled"

    assert warm_kernels(Kernels(cache=tmp_path), (warm,)) == "numbers: plain; books: compiled"
    assert told == [str(tmp_path)] * 2
