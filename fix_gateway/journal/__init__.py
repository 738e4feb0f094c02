"""What a session remembers over crashes: an append-only file with its numbers and what it sent."""
