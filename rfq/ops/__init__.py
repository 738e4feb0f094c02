"""Running it: settings, the only clock, logs. Nothing here decides anything about a trade."""
