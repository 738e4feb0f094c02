"""REHEARSAL: does it behave? A counterparty for acceptance scripts: `python -m fix_gateway.testing --port N`.

It plays the acceptor ISLD against anybody who speaks one of our versions, and echoes what it is sent.
"""
