"""The statements that are written out are what SQLAlchemy spells from the tables."""

import subprocess
import sys

import pytest
from sqlalchemy import insert, select
from sqlalchemy.dialects import sqlite

from rfq.audit import statements, tables


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        (statements.INSERT_CHAIN, insert(tables.chains)),
        (statements.INSERT_RECORD, insert(tables.records)),
        (statements.INSERT_MENTION, insert(tables.mentions)),
        (statements.INSERT_SNAPSHOT, sqlite.insert(tables.snapshots).on_conflict_do_nothing()),
        (statements.INSERT_SEGMENT, insert(tables.segments)),
    ],
)
def test_a_written_insert_is_the_spelled_one(written: str, spelled: object) -> None:
    assert written == tables.spell(spelled)  # type: ignore[arg-type]


def test_the_written_queries_are_the_spelled_ones() -> None:
    number, records = tables.records.c.number, tables.records
    head = select(number, records.c.hash).order_by(number.desc()).limit(1)
    assert _plain(statements.SELECT_HEAD) == _plain(tables.spell_with_values(head)[0]).replace("?", "1", 1)
    bodies = select(number, records.c.body).where(number >= 1, number <= 2).order_by(number)
    assert _plain(statements.SELECT_BODIES) == _plain(tables.spell_with_values(bodies)[0])


def _plain(statement: str) -> str:
    """On one line, without the tables' names before their columns."""
    return " ".join(statement.replace("records.", "").split()).removesuffix(" OFFSET ?")


def test_who_replays_does_not_import_sqlalchemy() -> None:
    asks = "import sys, rfq.audit.replay; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asks], check=False).returncode == 0
