"""Where compiled numbers are kept, and compiling them before the first quote needs them.

The kernels of `pricing.numeric` give the same bits plain and compiled. Compiled code is cached in the user's cache
folder, never in the package, so that a desk starts within a second and a read-only installation works.
"""

import os
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

from rfq.ops.sections import Kernels


def cache_folder(kernels: Kernels) -> Path:
    """The folder of the settings, else `rfq-desk/kernels` where this user's caches are."""
    if kernels.cache is not None:
        return kernels.cache
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "rfq-desk" / "kernels"


def must_compile(kernels: Kernels) -> bool:
    """Whether warming will take some ten seconds, because this code was not compiled here before."""
    from pricing.numeric import engine

    if not kernels.compile or engine.is_compiled():
        return False
    try:
        version = metadata.version("numba")
    except metadata.PackageNotFoundError:
        return False
    return not (cache_folder(kernels) / engine.code_hash(version)).is_dir()


def warm_kernels(kernels: Kernels, more: Iterable[Callable[[str], str]] = ()) -> str:
    """Compile what is to be compiled: the numbers of `pricing`, and whatever else the caller runs on (`more` are told
    the folder, as `rfq.feeds.levels.warm` is); words for the log."""
    from pricing.numeric import engine

    if not kernels.compile:
        return "plain: switched off by [kernels] compile"
    folder = str(cache_folder(kernels))
    try:
        return "; ".join([warm(folder) for warm in (engine.warm, *more)])
    except OSError as error:
        return f"plain: the cache cannot be used: {error}"
