"""The load report: every row read is kept or set aside with a reason, every oddity counted with samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from crmkit.errors import MAX_SAMPLES, mask


@dataclass(frozen=True)
class LoadReport:
    """How the files of a client were read.

    Attributes
    ----------
    files: path, table, kind, encoding, delimiter, rows_read, rows_kept, rows_set_aside, sha256, decisions.
    columns: file, heading, column (canonical, or empty), kind, rows, filled, unreadable, decision.
    set_aside: file, table, line, reason, text; one row per row that is not among the kept.
    notes: code, table, column, count, samples; one row per oddity.
    """

    files: pd.DataFrame
    columns: pd.DataFrame
    set_aside: pd.DataFrame
    notes: pd.DataFrame


@dataclass
class Ledger:
    """Collects the load report while files are read; ``digests`` of files may be known before."""

    files: list[dict[str, object]] = field(default_factory=list)
    columns: list[dict[str, object]] = field(default_factory=list)
    aside: list[pd.DataFrame] = field(default_factory=list)
    notes: list[dict[str, object]] = field(default_factory=list)
    digests: Mapping[Path, str] = field(default_factory=dict)

    def note(
        self, code: str, table: str, column: str = "", *, count: int, samples: Iterable[object] = ()
    ) -> None:
        """Note an oddity: how many rows, and at most five samples, personal values masked."""
        if count:
            shown = [mask(sample) for sample in list(samples)[:MAX_SAMPLES]]
            self.notes.append(
                {
                    "code": code,
                    "table": table,
                    "column": column,
                    "count": int(count),
                    "samples": " · ".join(shown),
                }
            )

    def note_rows(
        self, code: str, table: str, column: str, frame: pd.DataFrame, bad: pd.Series | np.ndarray
    ) -> None:
        """Note the rows of a table where ``bad`` holds, with their ids as samples."""
        rows = np.flatnonzero(np.asarray(bad, dtype=bool))
        key = next((name for name in ("deal_id", "task_id", "activity_id") if name in frame), None)
        shown = frame[key].iloc[rows[:MAX_SAMPLES]] if key else ()
        self.note(code, table, column, count=len(rows), samples=shown)

    def set_aside(
        self, file: str, table: str, lines: Iterable[int], reason: str | pd.Series, text: Iterable[object]
    ) -> None:
        """Record rows of a file that are not among those of a table, for one reason or for one each."""
        rows = {"line": list(lines), "reason": reason if isinstance(reason, str) else list(reason)}
        frame = pd.DataFrame({"file": file, "table": table, **rows, "text": [str(one)[:200] for one in text]})
        if len(frame):
            self.aside.append(frame)

    def report(self) -> LoadReport:
        """Return the report as frames; rows set aside are added up per file and table."""
        names = ["file", "table", "line", "reason", "text"]
        aside = pd.concat(self.aside, ignore_index=True) if self.aside else pd.DataFrame(columns=names)
        counts = aside.groupby(["file", "table"], dropna=False).size()
        files = pd.DataFrame(self.files)
        feeds = pd.MultiIndex.from_frame(files[["path", "table"]])
        files["rows_set_aside"] = counts.reindex(feeds, fill_value=0).to_numpy(dtype="int64")
        files["rows_kept"] = files["rows_read"] - files["rows_set_aside"]
        columns = pd.DataFrame(
            self.columns,
            columns=["file", "heading", "column", "kind", "rows", "filled", "unreadable", "decision"],
        )
        notes = pd.DataFrame(self.notes, columns=["code", "table", "column", "count", "samples"])
        return LoadReport(files, columns, aside.sort_values(["file", "line"], ignore_index=True), notes)


def with_nearest(counts: pd.Series, known: Iterable[str]) -> list[str]:
    """Return the most frequent strange names with their counts, and the known name that each is most like.

    >>> with_nearest(pd.Series({"Ink": 1, "GTXPro": 2}), ["GTX Pro", "Paper"])
    ['GTXPro (2) ≈ GTX Pro', 'Ink (1)']
    """
    near = {_squeezed(name): name for name in known}
    said = []
    for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MAX_SAMPLES]:
        like = near.get(_squeezed(name))
        said.append(f"{name} ({count})" if like is None else f"{name} ({count}) ≈ {like}")
    return said


def _squeezed(name: str) -> str:
    """Return a name as it is compared for likeness: small letters and digits only, е for ё."""
    return "".join(sign for sign in str(name).casefold().replace("ё", "е") if sign.isalnum())
