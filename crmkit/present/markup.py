"""Tables and tiles written as HTML and as plain text; everything from data is escaped here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from crmkit.present.texts import escape, safe_link, shorten

if TYPE_CHECKING:
    from crmkit.present.tables import Column, Table

WIDEST = 40
#: A last column of texts is not shortened to that: nothing stands beside it.
LAST = 300
#: With more columns than this they are set narrow, and their headings wrap.
MANY = 6
SENTENCE = 60
_TEXTS = ("text", "url")
#: What a link to a card is called; where it leads, a browser shows.
CARD = "CRM\N{NO-BREAK SPACE}\N{NORTH EAST ARROW}"


@lru_cache(maxsize=1)
def style() -> str:
    """Return the style sheet of tables, tiles and sentences, which follows the page's own colours."""
    return (Path(__file__).resolve().parent / "present.css").read_text(encoding="utf-8")


def styled(fragment: str) -> str:
    """Return a fragment with its style sheet, to stand alone in a notebook.

    A notebook sets «$1,000 to $2,000» as a formula, unless it is told to leave it alone.
    """
    return f'<style>{style()}</style><div class="mathjax_ignore">{fragment}</div>'


def table_html(table: Table) -> str:
    """Return a table as an HTML fragment: a caption, headings with scope, the visible rows, notes."""
    long = _long(table)
    heads = "".join(_heading(table, table.columns[index], index in long) for index in _seen(table))
    body = len(table.rows) - table.foot
    rest = set(table.folded) & set(table.visible)
    rows = _body(table, [row for row in table.visible if row < body], rest)
    foot = [_row(table, row) for row in table.visible if row >= body]
    bare = ' class="ck-rest"' if rest.issuperset(table.visible) and rest else ""
    notes = "".join(f"<p>{escape(note)}</p>" for note in table.remarks)
    remarks = f'<div class="ck-notes">{notes}</div>' if notes else ""
    narrow = ' class="ck-many"' if len(_seen(table)) > MANY else ""
    return (
        f'<div class="ck-table">{_fold(table, len(rest))}<div class="ck-scroll" tabindex="0">'
        f"<table{narrow}><caption>{escape(table.title)}</caption>"
        f"<thead><tr{bare}>{heads}</tr></thead><tbody>{''.join(rows)}</tbody>"
        + (f"<tfoot>{''.join(foot)}</tfoot>" if foot else "")
        + f"</table></div>{remarks}</div>"
    )


def _seen(table: Table) -> list[int]:
    """Return the positions of the columns that stand in the table, not above its rows."""
    return [index for index, column in enumerate(table.columns) if column.key != table.parted]


def _parts(table: Table) -> dict[int, str]:
    """Return the headings within a table, by the row that they stand above."""
    place = next((i for i, column in enumerate(table.columns) if column.key == table.parted), None)
    if place is None:
        return {}
    texts = [table.shown_at(row, place).text for row in range(len(table.rows) - table.foot)]
    return {row: text for row, text in enumerate(texts) if row == 0 or text != texts[row - 1]}


def _body(table: Table, shown: list[int], rest: set[int]) -> list[str]:
    """Return the rows, each part under its heading; a heading is hidden with the last of its rows."""
    parts, rows = _parts(table), list[str]()
    starts = sorted(parts)
    for row in shown:
        if row in parts:
            end = next((one for one in starts if one > row), len(table.rows))
            hidden = rest.issuperset(one for one in shown if row <= one < end)
            rows.append(_part(table, parts[row], " ck-rest" * hidden))
        rows.append(_row(table, row, ' class="ck-rest"' * (row in rest)))
    return rows


def _fold(table: Table, hidden: int) -> str:
    """Return what opens the rows that a page hides; the style sheet alone hides them, and not on paper."""
    if not hidden:
        return ""
    if hidden < len(table.visible):
        said = table.words.plural("Show {n} more row", "Show {n} more rows", hidden)
    else:
        said = table.words.plural("Show {n} row", "Show {n} rows", hidden)
    return f'<details class="ck-fold"><summary>{escape(said)}</summary></details>'


def _part(table: Table, text: str, hidden: str) -> str:
    span = f' colspan="{len(_seen(table))}"'
    head = f'<th scope="colgroup"{span}>{escape(text)}</th>'
    return f'<tr class="ck-part{hidden}">{head}</tr>' if text else ""


def _heading(table: Table, column: Column, long: bool) -> str:
    hints = {
        "higher": table.words.say("The higher, the better."),
        "lower": table.words.say("The lower, the better."),
    }
    hint = hints.get(column.better, "")
    title = f' title="{escape(hint)}"' if hint else ""
    side = _side(column) + " ck-long" * long + " ck-short" * (column.key in table.short)
    heading = (
        column.heading.replace("\N{NO-BREAK SPACE}", " ") if len(_seen(table)) > MANY else column.heading
    )
    return f'<th scope="col" class="{side}"{title}>{escape(heading)}</th>'


def _row(table: Table, row: int, marks: str = "") -> str:
    return f"<tr{marks}>{''.join(_cells(table, row))}</tr>"


def _cells(table: Table, row: int) -> Iterator[str]:
    for place, index in enumerate(_seen(table)):
        column, cell = table.columns[index], table.shown_at(row, index)
        text = escape(cell.text)
        link = safe_link(table.rows[row][index]) if column.kind == "url" else None
        if link:
            text = f'<a href="{escape(link)}" rel="noopener noreferrer" target="_blank">{CARD}</a>'
        if cell.standing == "some" and cell.beside:
            text = f"<i>{text}</i>"
        if cell.beside:
            text += f"<small>{escape(cell.beside)}</small>"
        side = _side(column) + " ck-short" * (column.key in table.short)
        shade = table.heat[column.key][row] if column.key in table.heat else 0
        side += f" ck-h ck-h{shade}" if shade else ""
        if place == 0 and _side(column) == "ck-left":
            yield f'<th scope="row" class="{side}">{text}</th>'
        else:
            yield f'<td class="{side}"{_counted(table, row, column.key)}>{text}</td>'


def _counted(table: Table, row: int, key: str) -> str:
    """Return how many cases stand behind a figure, to be read on pointing at it."""
    n = table.cases[key][row].n if key in table.cases else None
    return f' title="n = {table.formats.count(n)}"' if n is not None else ""


def _side(column: Column) -> str:
    return "ck-left" if column.kind in _TEXTS else "ck-right"


def _long(table: Table) -> set[int]:
    """Return the positions of text columns with sentences in them, which need a wider column."""
    return {
        index
        for index, column in enumerate(table.columns)
        if column.kind == "text" and any(len(str(table.rows[row][index])) > SENTENCE for row in table.visible)
    }


def table_text(table: Table) -> str:
    """Return a table as aligned plain text; a last column of texts may run on."""
    seen, parts = _seen(table), _parts(table)
    most = dict.fromkeys(seen, WIDEST)
    if seen and table.columns[seen[-1]].kind == "text":
        most[seen[-1]] = LAST
    lines = [[shorten(table.columns[index].heading, WIDEST) for index in seen]]
    for row in table.visible:
        if row in parts:
            lines.append([f"[{shorten(parts[row], WIDEST)}]", *[""] * (len(seen) - 1)])
        lines.append([shorten(str(table.shown_at(row, index)), most[index]) for index in seen])
    widths = [max(len(line[index]) for line in lines) for index in range(len(seen))]
    lefts = [_side(table.columns[index]) == "ck-left" for index in seen]
    said = [
        "  ".join(
            text.ljust(width) if left else text.rjust(width)
            for text, width, left in zip(line, widths, lefts, strict=True)
        ).rstrip()
        for line in lines
    ]
    said.insert(1, "  ".join("-" * min(width, WIDEST) for width in widths))
    return "\n".join([shorten(table.title, 200), "", *said, *([""] if table.remarks else []), *table.remarks])
