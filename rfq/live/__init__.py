"""World 1: take an event, ask the desk, log what it returned, run the effects; on real and on virtual time."""
