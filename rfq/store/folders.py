"""Where things stand in a store's folder.

    parts/<set>-<schema>/venue=V/symbol=S/day=2024-08-08/<manifest>.parquet    history, cut by UTC day
    manifests/<manifest>.json       what each build made, out of what; a part that none names does not count
    online.db                       the newest row of each market

Names of venues and symbols are spelled so that any of them is one folder's name, and no two are the same.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

from rfq.feeds.said import Market

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def manifests_of(root: Path) -> Path:
    """The folder of manifests."""
    return root / "manifests"


def online_of(root: Path) -> Path:
    """The file of the online table."""
    return root / "online.db"


def part_name(of: str, schema: str, market: Market, day: int, manifest: str) -> str:
    """A part's path below the store's folder. `day` counts from 1970."""
    return "/".join(
        (
            "parts",
            f"{of}-{schema}",
            f"venue={_spelled(market.venue)}",
            f"symbol={_spelled(market.symbol)}",
            f"day={day_text(day)}",
            f"{manifest}.parquet",
        )
    )


def day_text(day: int) -> str:
    """A day as people write it."""
    return (_EPOCH + timedelta(days=day)).date().isoformat()


def _spelled(name: str) -> str:
    """No name is spelled "-", and "-" otherwise; a dot is spelled out, since two of them lead upwards."""
    if name in ("", "-"):
        return "%2D" if name else "-"
    return quote(name, safe="").replace(".", "%2E")
