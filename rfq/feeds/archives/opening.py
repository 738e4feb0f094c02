"""The files of an archive, one after the other: from folders, zips, tars and gzips, with a limit on what they hold.

DuckDB reads plain and gzipped text itself; what lies in a zip or a tar is unpacked beside, and removed after use.
"""

import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, NamedTuple, cast

from rfq.feeds.tables.reports import Cause

TEXTS: Final = (".csv", ".json", ".jsonl", ".ndjson")
_GZIPS: Final = tuple(f"{suffix}.gz" for suffix in TEXTS)
_TARS: Final = (".tar", ".tar.gz", ".tgz")
UNPACKED_MAX: Final = 2**38
"""No file of these archives is nearly as large."""
_CHUNK: Final = 2**20
_HEAD: Final = 2**16
_DAMAGED: Final = (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError)


class Source(NamedTuple):
    """One file of text: how it is called (with the zip that it lay in), and where its bytes are."""

    name: str
    file: Path
    is_gzip: bool

    def open(self) -> IO[bytes]:
        """Its bytes, unpacked."""
        if self.is_gzip:
            return cast("IO[bytes]", gzip.open(self.file, "rb"))
        return self.file.open("rb")

    @property
    def is_json(self) -> bool:
        """By its name."""
        return not self.name.removesuffix(".gz").endswith(".csv")

    def first_line(self) -> str:
        """The first line, or what a line of reasonable length would hold."""
        with self.open() as text:
            return text.readline(_HEAD).decode("utf-8", errors="replace")


def sources(path: Path, folder: Path) -> Iterator[Source | Cause]:
    """Every file of text in a path, or why one cannot be read; `folder` takes what is unpacked."""
    if path.is_dir():
        for one in sorted(path.rglob("*")):
            if one.is_file() and one.name.endswith((*TEXTS, *_GZIPS, *_TARS, ".zip")):
                yield from _of_file(one, folder)
    else:
        yield from _of_file(path, folder)


def _of_file(path: Path, folder: Path) -> Iterator[Source | Cause]:
    name = path.as_posix()
    try:
        if name.endswith(TEXTS) or name.endswith(_GZIPS):
            source = Source(name, path, name.endswith(".gz"))
            source.first_line()  # a damaged file says so here, where it is told of
            yield source
        elif name.endswith(".zip"):
            yield from _of_zip(path, folder)
        elif name.endswith(_TARS):
            yield from _of_tar(path, folder)
        else:
            yield Cause(what="neither .csv nor .json, .gz, .zip or .tar", rows=1, example=path.name)
    except _DAMAGED as error:
        yield Cause(what="file cannot be unpacked", rows=1, example=f"{path.name}: {error}")


def _of_zip(path: Path, folder: Path) -> Iterator[Source | Cause]:
    with zipfile.ZipFile(path) as packed:
        for one in packed.infolist():
            if not one.filename.endswith((*TEXTS, *_GZIPS)):
                continue
            with packed.open(one) as bytes_of:
                yield from _unpacked(f"{path.as_posix()}/{one.filename}", bytes_of, folder)


def _of_tar(path: Path, folder: Path) -> Iterator[Source | Cause]:
    with tarfile.open(path) as packed:
        for one in packed:
            bytes_of = packed.extractfile(one) if one.isfile() else None
            if bytes_of is not None and one.name.endswith((*TEXTS, *_GZIPS)):
                with bytes_of:
                    yield from _unpacked(f"{path.as_posix()}/{one.name}", bytes_of, folder)


def _unpacked(name: str, bytes_of: IO[bytes], folder: Path) -> Iterator[Source | Cause]:
    """One member on disk as long as it is needed. Its name is never used for a path."""
    target = folder / ("unpacked.gz" if name.endswith(".gz") else "unpacked")
    try:
        with target.open("wb") as out:
            written = 0
            while chunk := bytes_of.read(_CHUNK):
                written += len(chunk)
                if written > UNPACKED_MAX:
                    yield Cause(what=f"unpacks to more than {UNPACKED_MAX} bytes", rows=1, example=name)
                    return
                out.write(chunk)
        yield Source(name, target, name.endswith(".gz"))
    finally:
        target.unlink(missing_ok=True)
