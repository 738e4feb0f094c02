"""Compiles the kernels of the feeds where numba is installed, once per process; the next finds them in a folder."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from rfq.feeds.compiled import ladder, scanner

_MODULES: Final[tuple[ModuleType, ...]] = (scanner, ladder)
_KERNELS: Final[dict[str, Callable[..., Any]]] = {
    "scan": scanner.scan,
    "apply": ladder.apply,
    "standing": ladder.standing,
    "fill": ladder.fill,
}
_ready: dict[str, Callable[..., Any]] = {}


def compiled(name: str) -> Callable[..., Any] | None:
    """A compiled kernel; None before `warm`, and where there is no numba."""
    return _ready.get(name)


def kernel(name: str) -> Callable[..., Any]:
    """A kernel as it runs here: compiled, or as plain Python."""
    return _ready.get(name, _KERNELS[name])


def is_compiled() -> bool:
    """Whether this process has compiled kernels."""
    return bool(_ready)


def code_hash(version: str) -> str:
    """Names compiled code: by all source that is in it, and the compiler's version."""
    digest = hashlib.sha256(version.encode())
    for module in _MODULES:
        digest.update(Path(str(module.__file__)).read_bytes())
    return "feeds-" + digest.hexdigest()[:16]


def warm(cache: str | None = None) -> str:
    """Compile all kernels, or load them from the folder `cache` if they are there; words for the log. Without a folder
    they are compiled anew. Nothing is ever written anywhere else."""
    if _ready:
        return "compiled already"
    try:
        import numba
    except ImportError:
        return "plain: numba is not installed"
    folder = f"{cache}/{code_hash(numba.__version__)}" if cache else ""
    try:
        built, loaded = _compile(numba, folder)
    except numba.core.errors.NumbaError as error:  # pragma: no cover - a release that cannot read our source
        return f"plain: numba {numba.__version__} cannot compile: {str(error).splitlines()[0]}"
    _ready.update(built)
    how = f"{loaded} of {len(built)} from the cache" if folder else "nothing cached"
    return f"compiled by numba {numba.__version__}: {how}"


def _signatures(numba: Any) -> dict[str, Any]:
    number, real, flat = numba.int64, numba.float64, numba.int64[::1]
    square, text = numba.int64[:, ::1], numba.types.Array(numba.uint8, 1, "C", readonly=True)
    return {
        "scan": numba.types.UniTuple(number, 2)(text, number, number, number, square),
        "apply": number(square, square, square, square, square, number, number),
        "standing": number(square, square),
        "fill": numba.boolean(square, square, flat, flat, real, real, numba.float64[::1]),
    }


def _compile(numba: Any, folder: str) -> tuple[dict[str, Callable[..., Any]], int]:
    """All kernels, and how many of them came from the folder."""
    for module in _MODULES:
        for function in module.JITTED:
            numba.extending.register_jitable(error_model="numpy")(function)
    found: dict[str, Callable[..., Any]] = {}
    loaded, settings, signatures = 0, numba.config, _signatures(numba)
    before, settings.CACHE_DIR = settings.CACHE_DIR, folder
    try:
        for name, plain in _KERNELS.items():
            built: Any = numba.njit(error_model="numpy", cache=bool(folder))(plain)
            if folder and not str(built.stats.cache_path).startswith(folder):  # cannot be written to
                built = numba.njit(error_model="numpy")(plain)
            built.compile(signatures[name])
            built.disable_compile()
            loaded += sum(built.stats.cache_hits.values(), 0)
            found[name] = built
    finally:
        settings.CACHE_DIR = before
    return found, loaded
