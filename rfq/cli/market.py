"""`rfq market`: markets recorded, replayed, brought from archives and measured; what was known outside them."""

import typer

from rfq.cli import market_outside, market_record, market_stats, market_tables

app = typer.Typer(help="Markets: recorded, replayed, imported, measured.", no_args_is_help=True)


@app.callback()
def start() -> None:
    """Markets: recorded, replayed, imported, measured."""


app.command()(market_stats.stats)
app.command()(market_record.record)
app.command()(market_record.replay)
app.command()(market_record.tables)
app.command("import")(market_tables.import_archive)
app.command()(market_outside.observe)
app.command()(market_outside.calendar)
