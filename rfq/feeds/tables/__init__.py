"""Tables of recorded markets in our layout: written, read back, cleaned with a report of it, told as what was said."""
