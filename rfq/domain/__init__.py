"""LIFE's nouns: ids, parties, requests, quotes, fills, policy, events and effects, and their one canonical encoding."""
