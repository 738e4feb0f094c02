"""Rows about the world outside order books (news, chains, macro), known as of the instant they were received."""
