"""Where migrations find the database: `alembic -x path=...`, else RFQ_AUDIT__PATH, else RFQ_AUDIT__URL."""

import os

from alembic import context
from sqlalchemy import create_engine

from rfq.audit.log import path_of
from rfq.audit.tables import metadata


def address() -> str:
    """The database's address as SQLAlchemy spells it."""
    found = (
        context.get_x_argument(as_dictionary=True).get("path")
        or os.environ.get("RFQ_AUDIT__PATH")
        or os.environ.get("RFQ_AUDIT__URL")
    )
    if not found:
        raise SystemExit("say which log: RFQ_AUDIT__PATH=desk.db alembic ..., or alembic -x path=desk.db ...")
    path = path_of(found)
    return f"sqlite:///{path}" if path is not None else "sqlite://"


def run() -> None:
    """Migrate, or write the SQL of it with --sql."""
    if context.is_offline_mode():
        context.configure(url=address(), target_metadata=metadata, literal_binds=True)
        with context.begin_transaction():
            context.run_migrations()
        return
    engine = create_engine(address())
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
