"""Manifests: what a build made, out of what, with which definitions and which code.

A manifest is written last, so what a build left behind when it was cut off does not count. Its id is the hash of what
went in, and of what came out; the same build again has the same id, whenever it is made.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from rfq.store import folders
from rfq.store.parts import StoreError, sync_folder

FORMAT: Final = 1
_CHUNK: Final = 1 << 20
_ID_CHARS: Final = 16
_SUFFIX: Final = ".json"


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a build read: its name, its size, and the hash of what it held."""

    name: str
    bytes: int
    digest: str


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A file of rows of one market and one UTC day: `path` below the store's folder, the instants of its first and last
    row, and the digest of its numbers."""

    path: str
    venue: str
    symbol: str
    rows: int
    from_at: int
    to_at: int
    digest: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One build. `of` names the set of features, `schema` and `version` its definitions, `build` the code; `recipe` is
    everything else that the numbers depend on; `faults` counts what was noticed on the way. Manifests that it
    `replaces` count no longer."""

    format: int = FORMAT
    id: str = ""
    of: str
    version: int
    schema: str
    columns: tuple[str, ...]
    build: str
    made_at: int
    recipe: dict[str, str | int | float | bool | None]
    sources: tuple[Read, ...]
    parts: tuple[Part, ...] = ()
    faults: dict[str, int] = {}
    replaces: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows it made."""
        return sum([part.rows for part in self.parts])


def source_of(path: Path) -> Read:
    """A file as a source."""
    found, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
            size += len(chunk)
    return Read(name=path.name, bytes=size, digest=found.hexdigest())


def sources_of(paths: Iterable[Path]) -> tuple[Read, ...]:
    """Files as sources, by name."""
    return tuple([source_of(path) for path in sorted(paths)])


def recipe_id(manifest: Manifest) -> str:
    """The short name of what goes into a build; parts are named by it before they are all known."""
    bare = msgspec.structs.replace(manifest, id="", made_at=0, parts=(), faults={}, replaces=())
    return hashlib.sha256(msgspec.json.encode(bare, order="deterministic")).hexdigest()[:_ID_CHARS]


def keep(root: Path, manifest: Manifest) -> None:
    """Write a manifest, durable, under its own name at once."""
    folder = folders.manifests_of(root)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{manifest.id}{_SUFFIX}"
    beside = folder / f".{path.name}.part"
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    with beside.open("wb") as file:
        file.write(text + b"\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(folder)


def load(root: Path) -> tuple[Manifest, ...]:
    """Every manifest that counts, in the order of their making; StoreError names one that cannot be read."""
    found: list[Manifest] = []
    decode = msgspec.json.Decoder(Manifest).decode
    for path in sorted(folders.manifests_of(root).glob(f"*{_SUFFIX}")):
        if path.name.startswith("."):
            continue
        try:
            manifest = decode(path.read_bytes())
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise StoreError(f"{path} is no manifest: {error}") from None
        if manifest.format > FORMAT:
            raise StoreError(f"{path} is of a later version ({manifest.format}) than this code reads")
        if manifest.id != path.name.removesuffix(_SUFFIX):
            raise StoreError(f"{path} says that it is {manifest.id!r}")
        found.append(manifest)
    gone = {one for manifest in found for one in manifest.replaces}
    return tuple(sorted([one for one in found if one.id not in gone], key=lambda one: (one.made_at, one.id)))
