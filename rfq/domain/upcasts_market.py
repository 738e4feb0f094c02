"""Market snapshots of version 1 as version 2 reads them: book tops become books, slices become smiles and a curve; and
the flow numbers of version 1 under their new names.

Version 1 knew one time for everything and counted USDC as USD; that is what its snapshots say here, in new words. Its
smiles were parabolas, cut off far out: they become the SVI smiles that agree with them at the money.
"""

from typing import Any

import msgspec

from pricing.surface.at_money import smile_at_money
from pricing.units import YEAR_NS

TURNED_INSIDE = ("Slice.1", "Top.1", "UnderlyingMarket.1")
"""Stood in snapshots only, and are turned with them."""
_TERM_MIN = 1e-9
Node = dict[str, Any]
_FLOW_NAMES = {
    "book_imbalance": "book_imbalance_ratio",
    "ofi_1s": "ofi_ratio_1s",
    "ofi_10s": "ofi_ratio_10s",
    "signed_flow_10s": "signed_flow_usd_10s",
    "signed_flow_60s": "signed_flow_usd_60s",
    "trades_10s": "trades_count_10s",
    "realised_vol_1m": "realised_vol_1m",
    "realised_vol_10m": "realised_vol_10m",
    "return_bps_10s": "return_bps_10s",
    "return_bps_60s": "return_bps_60s",
    "last_large_trade_age_s": "large_trade_age_s",
}
"""Of Flow.1, and what they are called now."""


def flow_2(node: Node) -> Node:
    """Flow.1 -> Flow.2: other names; it could not say what it did not know, so its zeros stay zeros."""
    return {
        "_": "Flow.2",
        **{_FLOW_NAMES.get(name, name): value for name, value in node.items() if name != "_"},
    }


def snapshot_2(node: Node) -> Node:
    """MarketSnapshot.1 -> MarketSnapshot.2; what is inside is turned here, as it needs the snapshot's time."""
    at = node["at"]
    lifted = [_underlying(one, at) for one in node.get("underlyings", ())]
    rates = [{"_": "Rate.1", "currency": "USDC", "usd": 1.0, "at": at}]
    return {"_": "MarketSnapshot.2", "at": at, "underlyings": lifted, "rates": rates}


def _underlying(node: Node, at: int) -> Node:
    """UnderlyingMarket.1 -> .2."""
    slices = node.get("slices", ())
    rate = node.get("funding_rate_8h", 0.0)
    return {
        "_": "UnderlyingMarket.2",
        **{
            name: node[name]
            for name in ("name", "index", "sigma", "adv_usd", "depth_usd_10bps", "regime", "flow")
            if name in node
        },
        "index_at": at,
        "books": [_book(top, at) for top in node.get("tops", ())],
        "curve": {"_": "Curve.1", "at": at, "pillars": [_pillar(one) for one in slices]} if slices else None,
        "funding": [_funding(node["name"], rate, at)] if rate else [],
        "surface": {"_": "Surface.1", "at": at, "smiles": [_smile(one, at) for one in slices]}
        if slices
        else None,
    }


def _book(top: Node, at: int) -> Node:
    """Top.1 -> Book.1."""
    return {
        "_": "Book.1",
        "instrument": top["instrument"],
        "at": at,
        "bids": [[top["bid"], top["bid_size"]]],
        "offers": [[top["offer"], top["offer_size"]]],
    }


def _pillar(piece: Node) -> Node:
    return {"_": "Pillar.1", "expiry_at": piece["expiry_at"], "forward": piece["forward"]}


def _funding(name: str, rate: float, at: int) -> Node:
    return {"_": "Funding.1", "instrument": f"{name}-PERPETUAL", "at": at, "rate_8h": rate}


def _smile(piece: Node, at: int) -> Node:
    """Slice.1 -> Smile.1; a slice that had expired keeps a smile that nobody can ask for."""
    expiry_at, vol = piece["expiry_at"], piece["vol_atm"]
    term = max((expiry_at - at) / YEAR_NS, _TERM_MIN)
    spread = piece.get("vol_half_spread", 0.0)
    skew, convexity = piece.get("skew", 0.0), piece.get("convexity", 0.0)
    try:
        made = smile_at_money(expiry_at, term, vol, skew, convexity, half_spread=spread)
    except ValueError:  # more bend than a surface without arbitrage can hold
        made = smile_at_money(expiry_at, term, vol, half_spread=spread)
    found: Node = msgspec.to_builtins(made)
    return found
