"""The feature store: what features mean, their history, the newest row of each market, and who used which version."""
