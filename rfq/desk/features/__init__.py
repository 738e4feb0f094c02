"""Features, once: pure accumulators that a market's stream is fed to, and the only builder of feature rows."""
