"""Public archives that users have, turned into our layout of tables: Binance, Deribit, Tardis.

What their files look like is said as data (`shapes`, `binance`, `deribit`, `tardis`); `opening` finds them in folders,
zips and tars; `convert` reads, cleans, reports and writes.
"""
