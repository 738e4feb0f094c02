"""The few SQL statements that run for every record, written out.

They are what SQLAlchemy makes of `rfq.audit.tables` (a test compares them), kept apart so that whoever only reads,
replays or appends to a log need not import SQLAlchemy: that costs a quarter of a second of every process.
"""

from typing import Final

REVISION: Final = "0001"
"""The revision of the tables that this program speaks."""

INSERT_CHAIN: Final = "INSERT INTO chains (chain, opened_at) VALUES (?, ?)"
INSERT_RECORD: Final = (
    "INSERT INTO records (number, at, received_at, kind, hash, body) VALUES (?, ?, ?, ?, ?, ?)"
)
INSERT_MENTION: Final = "INSERT INTO mentions (term, number) VALUES (?, ?)"
INSERT_SNAPSHOT: Final = "INSERT INTO snapshots (hash, body) VALUES (?, ?) ON CONFLICT DO NOTHING"
INSERT_SEGMENT: Final = "INSERT INTO segments (segment, number, hash, state) VALUES (?, ?, ?, ?)"
SELECT_HEAD: Final = "SELECT number, hash FROM records ORDER BY number DESC LIMIT 1"
SELECT_BODIES: Final = "SELECT number, body FROM records WHERE number >= ? AND number <= ? ORDER BY number"
