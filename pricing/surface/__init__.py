"""The volatility surface: SVI smiles, how they are fitted to quotes, checked, moved, and how far they may be wrong."""
