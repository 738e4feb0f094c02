"""How each venue speaks today: bytes and the instant of receipt in, what was said and what to ask out."""
