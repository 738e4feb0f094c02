"""A log made by migrations and one made directly are the same, and migrations are complete."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from audit_streams import CHAIN, grow

from rfq.audit.log import AuditLog
from rfq.audit.tables import REVISION


def alembic(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run alembic as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=root,
        env={**{k: v for k, v in os.environ.items() if not k.startswith("RFQ_")}, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def schema(path: Path) -> list[tuple[str, str]]:
    """Names and statements of everything in a database, spaces put aside."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    connection.close()
    return [(name, "".join((sql or "").split())) for name, sql in rows]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["path", "url", "argument"])
def test_both_ways_lead_to_the_same_tables(root: Path, tmp_path: Path, way: str) -> None:
    migrated, direct = tmp_path / "migrated.db", tmp_path / "direct.db"
    found = {
        "path": lambda: alembic(root, "upgrade", "head", RFQ_AUDIT__PATH=str(migrated)),
        "url": lambda: alembic(root, "upgrade", "head", RFQ_AUDIT__URL=f"sqlite:///{migrated}"),
        "argument": lambda: alembic(root, "-x", f"path={migrated}", "upgrade", "head"),
    }[way]()
    assert found.returncode == 0, found.stderr
    AuditLog.open(direct, writable=True, fsync=False).close()
    assert schema(migrated) == schema(direct)
    with AuditLog.open(migrated, writable=True, fsync=False) as log:
        log.append(list(grow(log.chain(CHAIN), 5)))
    assert alembic(root, "check", RFQ_AUDIT__PATH=str(direct)).returncode == 0


def test_one_must_say_which_log(root: Path) -> None:
    found = alembic(root, "upgrade", "head")
    assert found.returncode != 0
    assert "RFQ_AUDIT__PATH" in found.stderr


def test_the_revision_is_the_newest_migration(root: Path) -> None:
    found = alembic(root, "heads", RFQ_AUDIT__PATH=":memory:")
    assert found.stdout.split()[0] == REVISION
