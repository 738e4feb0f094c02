"""Runs the kernels: as plain Python, or, once `warm` was called where numba is installed, compiled.

Both give the same bits, so it does not matter which a machine has; compiled is three (one package) to fifty times
(many options) faster. Nothing compiles before `warm`, and nothing has to after it: every kernel is built for its one
signature, and the next process finds it in the cache folder.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from struct import pack
from types import CodeType, ModuleType
from typing import Any, ClassVar, Final

from pricing.numeric import distance, elementary, implied, normal, normalised, options, package, smile

MODULES: Final[tuple[ModuleType, ...]] = (
    elementary,
    normal,
    normalised,
    implied,
    options,
    smile,
    package,
    distance,
)
"""Those that hold `JITTED` functions, callees first."""


class Kernel:
    """A function `fn(source, target, *ints)` over flat sequences of floats; plain until compiled.

    Compiled code looks at no bounds, so it is `fits` that says whether so many numbers go in and out.
    """

    arrays: ClassVar[Any] = None
    """numpy, once compiled: plain work needs none."""

    def __init__(self, plain: Callable[..., None], fits: Callable[..., bool], ints: int = 0) -> None:
        """`fits(size of source, size of target, *ints)`."""
        self.plain: Final = plain
        self.fits: Final = fits
        self.ints: Final = ints
        self.compiled: Callable[..., None] | None = None

    def signature(self, numba: Any) -> Any:
        """What it is compiled for."""
        flat = numba.float64[::1]
        return numba.void(flat, flat, *[numba.int64] * self.ints)

    def use(self, compiled: Callable[..., None]) -> None:
        """Run compiled from now on."""
        self.compiled = compiled

    def run(self, numbers: list[float], size: int, *ints: int) -> list[float]:
        """Its `size` results for a list of numbers. Raises ValueError if the sizes do not fit."""
        if not self.fits(len(numbers), size, *ints):
            raise ValueError(f"numbers: {len(numbers)} in, {size} out {ints} do not fit")
        if self.compiled is None:
            target = [0.0] * size
            self.plain(numbers, target, *ints)
            return target
        numpy = self.arrays
        filled = numpy.zeros(size)
        # Packed, a list is read in half the time that numpy takes for it.
        packed = bytearray(pack(f"{len(numbers)}d", *numbers))
        self.compiled(numpy.frombuffer(packed), filled, *ints)
        found: list[float] = filled.tolist()
        return found

    def bulk(self, source: Any, target: Any, *ints: int) -> None:
        """Fill `target` from `source`: flat, contiguous, writeable numpy arrays of float64. Raises ValueError if the
        sizes do not fit.
        """
        if not self.fits(len(source), len(target), *ints):
            raise ValueError(f"numbers: {len(source)} in, {len(target)} out {ints} do not fit")
        if self.compiled is not None:
            self.compiled(source, target, *ints)
            return
        filled: list[float] = target.tolist()
        self.plain(source.tolist(), filled, *ints)
        target[:] = filled


class Single:
    """A function of so many floats that gives two, for callers in a hurry who have one question: `call` it."""

    ints: Final = 0

    def __init__(self, plain: Callable[..., tuple[float, float]], takes: int) -> None:
        self.plain: Final = plain
        self.takes: Final = takes
        self.call = plain

    def signature(self, numba: Any) -> Any:
        """What it is compiled for."""
        return numba.types.UniTuple(numba.float64, 2)(*[numba.float64] * self.takes)

    def use(self, compiled: Callable[..., tuple[float, float]]) -> None:
        """Run compiled from now on."""
        self.call = compiled


def by_rows(width: int, width_out: int) -> Callable[[int, int], bool]:
    """Rows of so many numbers to as many rows of so many."""
    return lambda size, size_out: size % width == 0 and size // width * width_out == size_out


def _fits_worths(size: int, size_out: int, expiries: int, count: int) -> bool:
    counts = expiries > 0 <= count or expiries == 0 == count
    return counts and package.sizes(expiries, count) == (size, size_out)


def _fits_fairs(size: int, size_out: int, expiries: int, count: int) -> bool:
    counts = expiries > 0 <= count or expiries == 0 == count
    return counts and package.sizes(expiries, count)[0] == size and size_out == count


OPTIONS: Final = Kernel(options.rows, by_rows(len(options.INPUTS), len(options.FIELDS)))
"""Options as a desk reads them: rows of `options.INPUTS` to rows of `options.FIELDS`."""
BLACK: Final = Kernel(options.core_rows, by_rows(len(options.INPUTS), len(options.CORE)))
"""Options in raw units: rows of `options.INPUTS` to rows of `options.CORE`."""
WORTHS: Final = Kernel(package.worths, _fits_worths, 2)
"""The options of a package with their greeks and the doubts of their vols."""
FAIRS: Final = Kernel(package.fairs, _fits_fairs, 2)
"""The fair of each option of a package."""
IMPLIED: Final = Kernel(implied.rows, by_rows(implied.ROW, implied.RESULT))
"""Volatilities of prices: rows of `implied.ROW` to rows of `implied.RESULT`."""
DISTANCES: Final = Kernel(distance.best, distance.fits)
"""The best distances to quote at; see `distance.best`."""
IMPLIED_ONE: Final = Single(implied.solve, implied.ROW)
"""The same for one price: the numbers of a row to those of a result."""

KERNELS: Final[dict[str, Kernel | Single]] = {
    "options": OPTIONS,
    "black": BLACK,
    "worths": WORTHS,
    "fairs": FAIRS,
    "implied": IMPLIED,
    "implied_one": IMPLIED_ONE,
    "distances": DISTANCES,
}
"""All of them; what is not in here is never compiled."""


def is_compiled() -> bool:
    """Whether the kernels run compiled in this process."""
    return Kernel.arrays is not None


def warm(cache: str | None = None) -> str:
    """Compile all kernels, or load them from the folder `cache` if they are there; words for the log.

    Without a folder they are compiled anew. Nothing is ever written anywhere else.
    """
    if is_compiled():
        return "compiled already"
    try:
        import numba
        import numpy
    except ImportError:
        return "plain: numba is not installed"
    folder = f"{cache}/{code_hash(numba.__version__)}" if cache else ""
    try:
        compiled, loaded = _compile(folder)
    except numba.core.errors.NumbaError as error:  # pragma: no cover - a release that cannot read our source
        return f"plain: numba {numba.__version__} cannot compile: {str(error).splitlines()[0]}"
    for kernel, function in zip(KERNELS.values(), compiled, strict=True):
        kernel.use(function)
    Kernel.arrays = numpy
    how = f"{loaded} of {len(compiled)} from the cache" if folder else "nothing cached"
    return f"compiled by numba {numba.__version__}: {how}"


def _compile(folder: str) -> tuple[list[Callable[..., Any]], int]:
    """All kernels, and how many of them came from the folder."""
    import numba

    extending: Any = numba.extending
    _read_bits(extending, numba.float64, numba.int64)
    for module in MODULES:
        for function in module.JITTED:
            extending.register_jitable(error_model="numpy")(function)
    found: list[Callable[..., Any]] = []
    loaded = 0
    settings: Any = numba.config
    before, settings.CACHE_DIR = settings.CACHE_DIR, folder
    try:
        for kernel in KERNELS.values():
            built: Any = numba.njit(error_model="numpy", cache=bool(folder))(kernel.plain)
            if folder and not str(built.stats.cache_path).startswith(folder):  # cannot be written to
                built = numba.njit(error_model="numpy")(kernel.plain)
            built.compile(kernel.signature(numba))
            built.disable_compile()
            loaded += sum(built.stats.cache_hits.values(), 0)
            found.append(built)
    finally:
        settings.CACHE_DIR = before
    return found, loaded


def _read_bits(extending: Any, float64: Any, int64: Any) -> None:
    """Tell numba how to do the exact primitives: on the bits of the number."""

    def cast(to: Any, of: Any) -> Any:
        def typed(typing: Any, x: Any) -> Any:
            return to(of), lambda context, builder, signature, args: builder.bitcast(
                args[0], context.get_value_type(to)
            )

        return extending.intrinsic(typed)

    float_of, bits_of = cast(float64, int64), cast(int64, float64)

    def two_to(power: Any) -> Any:
        def bits(power: Any) -> Any:
            return float_of((power + 1023) << 52)

        return bits

    def fraction(x: Any) -> Any:
        def bits(x: Any) -> Any:
            return float_of((bits_of(x) & 0x000FFFFFFFFFFFFF) | 0x3FE0000000000000)

        return bits

    def exponent(x: Any) -> Any:
        def bits(x: Any) -> Any:
            return (bits_of(x) >> 52) - 1022

        return bits

    for plain, compiled in zip(elementary.PRIMITIVES, (two_to, fraction, exponent), strict=True):
        extending.overload(plain)(compiled)


def code_hash(version: str) -> str:
    """Names compiled code: by all functions and constants that can be in it, and the compiler's version."""
    digest = hashlib.sha256(version.encode())
    for name, kernel in KERNELS.items():
        digest.update(f"{name} {kernel.ints} {'|'.join(_spelled(kernel.plain.__code__))}".encode())
        digest.update(repr(_constants(kernel.plain.__globals__)).encode())
    for module in MODULES:
        for function in module.JITTED:
            digest.update("|".join(_spelled(function.__code__)).encode())
        digest.update(repr(_constants(vars(module))).encode())
    return digest.hexdigest()[:16]


def _spelled(code: CodeType) -> Iterator[str]:
    """What a function does, without where it stands."""
    yield f"{code.co_name} {code.co_code.hex()} {code.co_names} {code.co_varnames}"
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _spelled(constant)
        elif not isinstance(constant, str):
            yield repr(constant)


def _constants(names: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """The numbers of a module, which its functions are compiled with."""
    return sorted(
        (name, value)
        for name, value in names.items()
        if isinstance(value, int | float)
        or (isinstance(value, tuple) and all(isinstance(one, int | float) for one in value))
    )
