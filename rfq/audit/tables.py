"""The tables of the log.

    chains     one row: whose log this is
    records    one row a record; `body` is the canonical bytes, `hash` the chain hash of it; the other
               columns repeat what the body says, for searching, and `verify --deep` compares them
    mentions   the one search index: (term, number), terms like "rfq:d1-r2a-0" (`rfq.audit.terms`)
    snapshots  market snapshots, each stored once under the hash of its canonical bytes
    segments   the desk's state at the beginning of each segment, and the record that vouches for its hash

The tables are SQLAlchemy's and migrate with alembic. Appending and verifying use the driver directly, with the
statements in `rfq.audit.statements`: one Python call a record is all that they can afford.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql import Select
from sqlalchemy.sql.expression import ClauseElement

from rfq.audit import statements

REVISION = statements.REVISION

metadata = MetaData()

# On SQLite only a plain INTEGER PRIMARY KEY is the row's own number.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

chains = Table(
    "chains",
    metadata,
    Column("chain", String(10), primary_key=True),
    Column("opened_at", BigInteger, nullable=False),
)

records = Table(
    "records",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

mentions = Table(
    "mentions",
    metadata,
    Column("term", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

segments = Table(
    "segments",
    metadata,
    Column("segment", _NUMBER, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("state", LargeBinary, nullable=False),
)

_dialect = sqlite.dialect(paramstyle="qmark")


def spell(statement: ClauseElement) -> str:
    """The SQL text of a statement for the driver."""
    return str(statement.compile(dialect=_dialect))


def spell_with_values(statement: Select[Any]) -> tuple[str, tuple[Any, ...]]:
    """The SQL text of a query and its values in order."""
    compiled = statement.compile(dialect=_dialect, compile_kwargs={"render_postcompile": True})
    return str(compiled), tuple(compiled.params[name] for name in compiled.positiontup or ())


SCHEMA = (
    *(spell(CreateTable(table)) for table in metadata.sorted_tables),
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
    f"INSERT INTO alembic_version (version_num) VALUES ('{REVISION}')",
)
