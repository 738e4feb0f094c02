"""What venues and FIX counterparties call instruments: every name parsed to what it says, and spelled again."""
