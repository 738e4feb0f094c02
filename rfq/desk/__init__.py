"""The thinking part: one pure, synchronous object. Events in, effects out; no I/O, no clock, no random number."""
