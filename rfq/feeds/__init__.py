"""Feeds: what venues and others say, kept as right books or marked as not right, and told to the accumulators."""
