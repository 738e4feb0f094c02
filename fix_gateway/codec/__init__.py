"""Bytes and fields: frames, what stands in them, and whether it may stand there."""
