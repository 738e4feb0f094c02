"""WIRE: how do we speak FIX?

A noun belongs here if it has bytes: Session, Message, Dialect, Store. The package knows nothing of `rfq`, `pricing` or
`models`. Bytes and `now` go in, messages and bytes come out; sockets stay at the rim (`shell`), files in `journal`.
"""
