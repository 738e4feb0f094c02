"""RECORD: the durable, hash-chained log of everything that reached the desk and everything it answered.

Charter: one record is one event with all its effects. Records are only ever appended; each is hashed behind
its predecessor; nothing outward may be sent before its record is durable. What the log says is checked, not
trusted: `walk` and `verify` re-hash and re-read it, `replay` asks a fresh desk again. Only this package
speaks SQL.
"""
