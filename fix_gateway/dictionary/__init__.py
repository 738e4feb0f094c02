"""The dictionaries of our profile: what may stand in a message, as tables of our own (`tables/`), and their reader."""
