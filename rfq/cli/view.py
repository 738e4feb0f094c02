"""The terminal view: the board drawn on a screen of any size from 80 x 24 up; pure, given the board and the time.

Small screens are one column: what we are asked, our newest price with its waterfall, the quotes we compare, the last
fills, positions. Wide ones put our making on the left and our taking on the right.
"""

from decimal import Decimal

from rich.text import Text

from rfq.cli.board import Board, RfqLine
from rfq.cli.canvas import Cell, beside, fill, fit, heading, row
from rfq.cli.phrases import number
from rfq.cli.rows import (
    HORIZONS,
    NS,
    SIDES,
    WIDE,
    asked_row,
    countdown,
    fairness_bar,
    fairness_style,
    fill_row,
    folded,
    rank_row,
    state_style,
    step_text,
    told_fill,
    why_text,
)
from rfq.domain.request import Role

PINNED_NS = 3 * NS
"""How long a price stays on the screen, so that a person can read it."""


class View:
    """Draws a board. It remembers only which Rfq's details it is showing, and since when."""

    def __init__(self, board: Board, title: str) -> None:
        self._board = board
        self._title = title
        self._priced: tuple[str, int] = ("", 0)
        self._compared: tuple[str, int] = ("", 0)

    def render(self, now: int, width: int, height: int, head_hash: str = "") -> Text:
        """The whole screen at `now` (UTC ns), exactly `height` lines of `width` columns."""
        lines = self._head(now, width, head_hash)
        if width >= WIDE:
            lines += self._wide(now, width, height - len(lines))
        else:
            lines += self._narrow(now, width, height - len(lines))
        return Text("\n").join(fill(lines, width, height))

    def _head(self, now: int, width: int, head_hash: str) -> list[Text]:
        board = self._board
        ran = max(0, now - board.started_at) // NS if board.started_at else 0
        first = Text(no_wrap=True)
        first.append(f" {self._title} ", "bold reverse")
        first.append(f"  {ran // 60:02d}:{ran % 60:02d}  log record ")
        first.append(f"{board.number}", "bold")
        first.append(f"  head {head_hash[:12]}", "dim")
        if board.killed:
            first.append("  KILL SWITCH ON", "bold red")
        first.append("   Ctrl-C ends", "dim")
        count = board.counts
        second = Text(no_wrap=True)
        second.append(
            f"maker: {count['asked']} asked, {count['quotes sent']} quoted, {count['maker']} filled"
            f" | taker: {count['wanted']} asked, {count['quotes received']} quotes, {count['taker']} filled",
            "dim",
        )
        return [fit(first, width), fit(second, width)]

    def _narrow(self, now: int, width: int, height: int) -> list[Text]:
        """One column; what is left of the height goes to the lists."""
        spare = max(0, height - 22)
        maker, rank, fills = 3 + spare // 3, 5, 3 + spare // 3
        needs = spare // 6
        lines = self._asked(now, width, maker)
        lines += self._price(now, width)
        lines += self._ranking(now, width, rank)
        if needs > 1:
            lines += self._needs(now, width, needs)
        lines += self._fills(now, width, fills)
        lines = fill(lines, width, height - 1) if len(lines) < height else lines[: height - 1]
        return [*lines, self._held_line(width)]

    def _wide(self, now: int, width: int, height: int) -> list[Text]:
        """Making on the left, taking on the right; fills and positions below."""
        below = max(6, height // 3)
        above = height - below
        left = (width - 3) // 2
        right = width - 3 - left
        making = self._asked(now, left, above - 6) + self._price(now, left)
        taking = self._needs(now, right, above - 12) + self._ranking(now, right, 8)
        lines = beside(fill(making, left, above), fill(taking, right, above), (left, right))
        trades = min(width - 40, 100)
        held = width - 3 - trades
        bottom = (self._fills(now, trades, below - 2), self._held(held, below - 1))
        return lines + beside(fill(bottom[0], trades, below), fill(bottom[1], held, below), (trades, held))

    # --- making ------------------------------------------------------------------------------------------------

    def _asked(self, now: int, width: int, rows: int) -> list[Text]:
        """What clients ask us, with a countdown."""
        found = self._board.open_rfqs(Role.MAKER, now)
        open_now = sum(1 for one in found if not one.outcome)
        lines = [heading(width, "WE ARE ASKED", f"(maker) {open_now} open")]
        lines.append(asked_row(width, "client", "wants", "our bid", "our offer", "left", "", "dim"))
        for one in found[:rows]:
            wants = f"{SIDES[one.ask.side]} {number(one.ask.amount)} {one.what}"
            price = one.price
            bid, offer = (number(price.bid), number(price.offer)) if price is not None else ("", "")
            state = one.state(now)
            left = "" if one.outcome else countdown(one.expires_at, now)
            style = "dim" if one.outcome and one.outcome != "done" else ""
            lines.append(asked_row(width, one.party, wants, bid, offer, left, state, style))
        return fill(lines, width, rows + 2)

    def _price(self, now: int, width: int) -> list[Text]:
        """Our newest price, from fair to the wire."""
        one = self._pinned_price(now)
        if one is None or one.price is None:
            return fill([heading(width, "OUR PRICE", "from fair to the wire, step by step")], width, 4)
        how = " (closed form)" if one.fallback else ""
        title = f"{SIDES[one.ask.side]} {number(one.ask.amount)} {one.what}"
        price = one.price
        unit = next((line.unit for line in (*price.bid_lines, *price.offer_lines)), "")
        lines = [heading(width, f"OUR PRICE{how} for {one.party}", title)]
        columns = width // 11 - 1  # ten digits each, and the wire's
        shown = folded(price.bid_lines or price.offer_lines, columns)
        size = max(7, min(12, (width - 9) // (len(shown) + 1)))
        names = [Cell(line.name, -size, "dim") for line in shown]
        lines.append(row(width, [Cell(unit, 5, "dim"), *names, Cell("= wire", -size, "dim"), Cell("")]))
        for name, steps, wire in (
            ("bid", price.bid_lines, price.bid),
            ("offer", price.offer_lines, price.offer),
        ):
            if wire is not None:
                cells = [Cell(step_text(step), -size) for step in folded(steps, columns)]
                lines.append(
                    row(width, [Cell(name, 5, "bold"), *cells, Cell(number(wire), -size, "bold"), Cell("")])
                )
        return fill(lines, width, 4)

    def _pinned_price(self, now: int) -> RfqLine | None:
        shown = self._board.rfqs.get(self._priced[0])
        if shown is not None and now - self._priced[1] < PINNED_NS:
            return shown
        newest = self._board.newest_price()
        self._priced = (newest.id, now) if newest is not None else ("", 0)
        return newest

    # --- taking ------------------------------------------------------------------------------------------------

    def _needs(self, now: int, width: int, rows: int) -> list[Text]:
        """What we ask dealers for, with a countdown."""
        found = self._board.open_rfqs(Role.TAKER, now)
        open_now = sum(1 for one in found if not one.outcome)
        lines = [heading(width, "WE ASK", f"(taker) {open_now} open")]
        head = [Cell("we want", 0, "dim"), Cell("dealers asked, quoted", -21, "dim"), Cell("left", -7, "dim")]
        lines.append(row(width, [*head, Cell("", 9)]))
        for one in found[:rows]:
            wants = f"{SIDES[one.ask.side]} {number(one.ask.amount)} {one.what}"
            heard = f"{one.asked}, {len(one.quoted)}" + (f" ({one.passed} passed)" if one.passed else "")
            left = "" if one.outcome else countdown(one.expires_at, now)
            state = one.state(now)
            style = "dim" if one.outcome and one.outcome != "done" else ""
            cells = [Cell(wants, 0, style), Cell(heard, -21, style), Cell(left, -7, style)]
            lines.append(row(width, [*cells, Cell(state, 9, state_style(state))]))
        return fill(lines, width, rows + 2)

    def _ranking(self, now: int, width: int, rows: int) -> list[Text]:
        """The dealers' quotes on one of our Rfqs, best first, and why."""
        one = self._compared_rfq(now)
        if one is None:
            return fill([heading(width, "QUOTES WE COMPARE", "best first")], width, rows + 2)
        wants = f"{SIDES[one.ask.side]} {number(one.ask.amount)} {one.what}"
        state = f" [{one.outcome}]" if one.outcome else f" [{countdown(one.expires_at, now)} left]"
        lines = [heading(width, f"QUOTES WE COMPARE{state}", wants)]
        head = ("", "dealer", "price", "bps", "cheap ← → dear", "why")
        lines.append(rank_row(width, *head, style="dim"))
        for place, quote in enumerate(one.ranked[:rows], 1):
            chosen = quote.quote in one.accepted
            gauge = f"{fairness_bar(quote.percentile)} {quote.percentile:4.0%}"
            lines.append(
                rank_row(
                    width,
                    "✓" if chosen else str(place),
                    quote.dealer,
                    number(quote.price),
                    f"{quote.cost_bps:+.1f}",
                    gauge,
                    why_text(quote),
                    style="bold" if chosen else "",
                    gauge_style=fairness_style(quote.percentile),
                )
            )
        return fill(lines, width, rows + 2)

    def _compared_rfq(self, now: int) -> RfqLine | None:
        shown = self._board.rfqs.get(self._compared[0])
        if shown is not None and now - self._compared[1] < 2 * PINNED_NS:
            return shown
        newest = self._board.best_ranked(now)
        self._compared = (newest.id, now) if newest is not None else ("", 0)
        return newest

    # --- what came of it ---------------------------------------------------------------------------------------

    def _fills(self, now: int, width: int, rows: int) -> list[Text]:
        """The last trades with their markouts."""
        lines = [heading(width, "LAST FILLS", "edge and markouts in bps, + = good for us")]
        roomy = width >= WIDE - 30
        marks = [f"{horizon}s" for horizon in HORIZONS]
        lines.append(fill_row(width, roomy, "ago", "with", "trade", "price", "edge", marks, dim=True))
        for one in self._board.newest_fills(rows):
            lines.append(told_fill(width, roomy, one, now))
        return fill(lines, width, rows + 2)

    def _held(self, width: int, rows: int) -> list[Text]:
        """Positions, the largest first."""
        lines = [heading(width, "POSITIONS")]
        found = self._positions()
        for name, amount in found[:rows]:
            style = "green" if amount > 0 else "red"
            lines.append(row(width, [Cell(name), Cell(f"{amount:+f}", -14, style)]))
        return lines

    def _held_line(self, width: int) -> Text:
        line = Text("POSITIONS ", style="bold cyan", no_wrap=True)
        found = [f"{name} {amount:+f}" for name, amount in self._positions()]
        line.append("  ".join(found) or "none yet", "not bold default")
        return fit(line, width)

    def _positions(self) -> list[tuple[str, Decimal]]:
        """What is held, perpetuals and futures first (the fewest), then by size."""
        held = [(name, amount) for name, amount in self._board.positions.items() if amount]
        return sorted(held, key=lambda one: (one[0].count("-"), -abs(one[1])))
