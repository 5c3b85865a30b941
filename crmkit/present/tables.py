"""A table as finished text: the same frozen rows for a notebook, a page, a workbook and a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crmkit.limits import Limits
from crmkit.present.cells import CASES, FIGURES, KINDS, Cell, Column, cases_of, has_cases, headed, plain
from crmkit.present.formats import Formats
from crmkit.present.gates import Cases, Gated, gated
from crmkit.present.texts import MISSING, clean
from crmkit.present.units import text_of, with_unit
from crmkit.present.words import Words

if TYPE_CHECKING:
    import pandas as pd

TABLE_MIME = "application/vnd.crmkit.table+json"
#: Letters of a text that never has to be wrapped.
SHORT = 10

__all__ = ["CASES", "FIGURES", "KINDS", "TABLE_MIME", "Cell", "Column", "Table"]


@dataclass(frozen=True)
class Table:
    """Rows for people, in a fixed order, with what is needed to write them.

    Parameters
    ----------
    name: stable id, ``[a-z_]+``.
    title: what the table tells.
    columns, rows: values unrounded, dates as ISO text, ``None`` where missing.
    notes: sentences under the table.
    cases: for a gated column, what stands behind each row's figure.
    shown: how many rows a page shows; programs and the workbook get all.
    foot: how many rows at the end are totals, set apart and always shown.
    limits: thresholds of the gates.
    kinds: of each row, where a column is ``mixed``.
    parted: key of a first column of texts that becomes a heading above its rows on a page.
    heat: for a column, each row's shade on a heat map: 0 none, 1 to 6 from light to dark.
    folded: positions of the rows that a page hides until they are asked for; on paper they stand.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    language: str = "en"
    currency: str = "RUB"
    cases: Mapping[str, tuple[Cases, ...]] = field(default_factory=dict)
    shown: int = 30
    foot: int = 0
    limits: Limits = field(default_factory=Limits)
    kinds: tuple[str, ...] = ()
    parted: str = ""
    heat: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    folded: tuple[int, ...] = ()

    @classmethod
    def of(
        cls, frame: pd.DataFrame, *, name: str, title: str, columns: Sequence[Column], language: str,
        currency: str, notes: Sequence[str] = (), shown: int = 30, foot: int = 0,
        limits: Limits | None = None, kinds: Sequence[str] = (), parted: str = "",
        heat: Mapping[str, tuple[int, ...]] | None = None, folded: Sequence[int] = (),
    ) -> Table:  # fmt: skip
        """Build a table from a frame's columns, its rows as they stand; headings get their unit here.

        Raises
        ------
        KeyError: the frame lacks a column.
        """
        formats = Formats(language, currency)
        values = [[plain(value, column.kind) for value in frame[column.key].tolist()] for column in columns]
        gates = {c.key: cases_of(frame, c.key) for c in columns if has_cases(c, frame)}
        titled = tuple(replace(column, heading=headed(column, formats)) for column in columns)
        rows = tuple(zip(*values, strict=True))
        return cls(
            name, title, titled, rows, tuple(notes), language, currency, gates, shown, foot,
            limits or Limits(), tuple(kinds), parted, heat or {}, tuple(folded),
        )  # fmt: skip

    @classmethod
    def from_json(cls, bundle: Mapping[str, Any]) -> Table:
        """Return the table that :meth:`to_json` wrote."""
        plain: dict[str, Any] = {
            key: tuple(one) if isinstance(one, list) else one for key, one in bundle.items()
        }
        return cls(**plain | {
            "columns": tuple(Column(**column) for column in bundle["columns"]),
            "rows": tuple(map(tuple, bundle["rows"])),
            "cases": {key: tuple(Cases(*one) for one in many) for key, many in bundle["cases"].items()},
            "limits": Limits(**bundle["limits"]),
            "heat": {key: tuple(many) for key, many in bundle["heat"].items()},
        })  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        shallow = {one.name: getattr(self, one.name) for one in fields(self)}
        lists = {key: list(one) for key, one in shallow.items() if isinstance(one, tuple)}
        return shallow | lists | {
            "columns": [asdict(column) for column in self.columns],
            "rows": [list(row) for row in self.rows],
            "cases": {key: [list(one) for one in many] for key, many in self.cases.items()},
            "limits": asdict(self.limits),
            "heat": {key: list(many) for key, many in self.heat.items()},
        }  # fmt: skip

    def kind_at(self, row: int, column: int) -> str:
        """Return the kind of one cell."""
        kind = self.columns[column].kind
        return self.kinds[row] if kind == "mixed" else kind

    @cached_property
    def formats(self) -> Formats:
        """How figures are written."""
        return Formats(self.language, self.currency)

    @cached_property
    def words(self) -> Words:
        """How sentences are said."""
        return Words(self.language)

    @cached_property
    def hundredths(self) -> frozenset[str]:
        """Keys of the money columns whose amounts are all below 100: only they show hundredths."""
        small = set()
        for index, column in enumerate(self.columns):
            amounts = [row[index] for row in self.rows if isinstance(row[index], int | float)]
            if column.kind == "money" and amounts and all(abs(float(a or 0)) < 100 for a in amounts):
                small.add(column.key)
        return frozenset(small)

    @cached_property
    def short(self) -> frozenset[str]:
        """Keys of the columns of short texts, such as numbers of cards, which need little room."""
        texts = {
            column.key: [len(str(row[at])) for row in self.rows if row[at]]
            for at, column in enumerate(self.columns)
            if column.kind == "text"
        }
        return frozenset(key for key, sizes in texts.items() if sizes and max(sizes) <= SHORT)

    def shown_at(self, row: int, column: int) -> Gated:
        """Return a cell as it is read: its text, what stands beside, and its standing."""
        spec, value = self.columns[column], self.rows[row][column]
        mixed, kind = spec.kind == "mixed", self.kind_at(row, column)
        if spec.key in self.cases and not isinstance(value, str) and not spec.counted:
            cases = self.cases[spec.key][row]
            if not mixed or (cases.n is not None and kind != "count"):
                return gated(self.formats, value, cases, kind, self.limits, alone=mixed)
        if mixed and not isinstance(value, str):
            return Gated(with_unit(self.formats, value, kind), "", "enough")
        return Gated(self._text(value, column), "", "enough")

    def _text(self, value: Cell, column: int) -> str:
        spec = self.columns[column]
        if value is None:
            leads = all(one.kind == "text" for one in self.columns[: column + 1])
            return self.words.say("not set") if leads else MISSING
        if isinstance(value, str):
            if spec.kind == "date":
                return self.formats.day(date.fromisoformat(value))
            return (
                self.formats.moment(datetime.fromisoformat(value)) if spec.kind == "moment" else clean(value)
            )
        if spec.kind == "money":
            return self.formats.money(value, kopecks=spec.key in self.hundredths, sign=False)
        return text_of(self.formats, value, spec.kind)

    @cached_property
    def visible(self) -> tuple[int, ...]:
        """Positions of the rows that a page shows: the first ones, and the totals."""
        body = len(self.rows) - self.foot
        return (*range(min(body, self.shown)), *range(body, len(self.rows)))

    @cached_property
    def gate_remark(self) -> str:
        """What the reader has to know where small numbers stand in the table, else nothing."""
        gates = [index for index, column in enumerate(self.columns) if column.key in self.cases]
        seen = {self.shown_at(row, column).standing for row in range(len(self.rows)) for column in gates}
        if not seen - {"enough"}:
            return ""
        few, enough = self.limits.few_cases, self.limits.compared_cases
        return self.words.say(
            "In italics: figures of {few} to {last} cases, to be read with their interval;"
            " of fewer than {few} cases a share is told only as a count, another figure with its n.",
            few=few,
            last=enough - 1,
        )

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        """The notes, then what is to be known of small numbers and of rows left out on a page."""
        said = [*self.notes, *([self.gate_remark] if self.gate_remark else [])]
        more = len(self.rows) - len(self.visible)
        if more:
            said.append(
                self.words.plural(
                    "{n} more row is in the workbook.", "{n} more rows are in the workbook.", more
                )
            )
        return tuple(said)

    def __repr__(self) -> str:
        from crmkit.present.markup import table_text

        return table_text(self)

    def fragment(self) -> str:
        """Return the table as HTML without its style sheet."""
        from crmkit.present.markup import table_html

        return table_html(self)

    def _repr_html_(self) -> str:
        from crmkit.present.markup import styled

        return styled(self.fragment())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self), TABLE_MIME: self.to_json()}
