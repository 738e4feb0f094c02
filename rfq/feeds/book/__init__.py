"""Order books kept from snapshots and increments: pure, exact, bounded, and never wrong without saying so."""
