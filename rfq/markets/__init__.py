"""What a capture says of its market: spread, depth, volatility, flow, impact, each with its interval.

Definitions: docs/MARKET_STATS.md. Nothing here guesses in silence: what cannot be computed says why, in words.
"""
