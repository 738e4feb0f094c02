"""Who takes part in the FIX bench: the client that measures, the acceptors it measures, and what they say."""
