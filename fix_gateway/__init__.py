"""WIRE: how do we speak FIX?

A noun belongs here if it has bytes: Session, Message, Dialect, Store. The package will know nothing of `rfq`,
`pricing` or `models`; bytes and `now` go in, messages and bytes come out, and sockets stay at the rim.
Nothing is built yet beyond this charter.
"""
