"""``index.html`` and ``index.json``: all clients of a folder of reports, read from their ``run.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from crmkit.batch import manifest
from crmkit.errors import N_, Message
from crmkit.folder import write_whole

FAILED = ".failed"
KEY_FIGURES = (("revenue", ""), ("won_deals", ""), ("win_rate", "closed_count"), ("average_check", "median"))
"""The figures shown for each client, where its findings have them for the whole department and period."""

_PAGE = Path(__file__).with_name("index.html")
_TEXTS = {
    "title": N_("Reports"),
    "client": N_("Client"),
    "period": N_("Period"),
    "as_of": N_("Data as of"),
    "workbook": N_("Tables (XLSX)"),
    "documents": N_("Documents"),
    "failed": N_("failed"),
    "earlier": N_("the last run failed; the report is an earlier one"),
    "none": N_("There are no reports here yet."),
}


def collect(out: Path) -> list[dict[str, Any]]:
    """Return one entry for each client with a folder in ``out``, sorted by name: made, failed, or both."""
    entries: dict[str, dict[str, Any]] = {}
    for folder in sorted(path for path in out.iterdir() if path.is_dir() and not path.name.startswith(".")):
        run = manifest.read_run(folder)
        if run is None:
            continue
        slug = folder.name.removesuffix(FAILED)
        entry = entries.setdefault(
            slug, {"folder": None, "client": run["client"], "language": run["language"]}
        )
        if run["state"] == "done":
            entry |= _made(folder, run)
        else:
            entry |= {"failed": run["reason"], "failed_folder": folder.name}
    return [entries[slug] for slug in sorted(entries, key=lambda slug: (entries[slug]["client"], slug))]


def _made(folder: Path, run: Mapping[str, Any]) -> dict[str, Any]:
    found = [step["findings"] for step in run["notebooks"] if step["findings"]]
    return {
        "folder": folder.name,
        "currency": run["currency"],
        "as_of": next((item["as_of"] for item in found if item.get("as_of")), None),
        "period": next((item["period"] for item in found if item.get("period")), None),
        "files": [output["file"] for output in run["outputs"]],
        "figures": [row for key in KEY_FIGURES for row in _figure(found, key)],
    }


def _figure(found: list[Mapping[str, Any]], key: tuple[str, str]) -> list[dict[str, Any]]:
    """Return the row of one figure over the whole department, if a notebook recorded it."""
    rows = [
        {name: row[name] for name in ("measure", "variant", "unit", "value", "state")}
        for item in found
        for row in item.get("rows", ())
        if (row["measure"], row["variant"] or "") == key
        and not row["by"]
        and _is_whole(row, item.get("period"))
    ]
    return rows[:1]


def _is_whole(row: Mapping[str, Any], period: Mapping[str, Any] | None) -> bool:
    """Tell whether a row is about the notebook's whole period, not a month of it."""
    if not period:
        return True
    return (_day(row["period_start"]), _day(row["period_end"])) == (
        _day(period["start"]),
        _day(period["end"]),
    )


def page_language(entries: list[dict[str, Any]]) -> str:
    """Return the language that all clients share, else English."""
    languages = {entry["language"] for entry in entries}
    return languages.pop() if len(languages) == 1 else "en"


def _shown(entry: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return an entry in words and formatted figures."""
    from crmkit.present.formats import Formats

    formats = Formats(language, entry.get("currency") or "RUB")
    figures = {(row["measure"], row["variant"] or ""): row for row in entry.get("figures", ())}
    failed, period = entry.get("failed"), entry.get("period")
    return {
        "client": entry["client"],
        "folder": entry["folder"],
        "period": formats.period(_day(period.get("start")), _day(period.get("end"))) if period else "",
        "as_of": formats.day(_day(entry.get("as_of"))),
        "figures": [_written(formats, figures.get(key)) for key in KEY_FIGURES],
        "report": "report.html" in entry.get("files", ()),
        "workbook": "report.xlsx" in entry.get("files", ()),
        "documents": [
            name
            for name in entry.get("files", ())
            if name.startswith("documents/") or name.split(".")[0] in BESIDE
        ],
        "failed": formats.words.message(Message(failed["text"], failed["params"])) if failed else "",
    }


def _day(moment: str | None) -> date | None:
    return date.fromisoformat(moment[:10]) if moment else None


def _written(formats: Any, row: Mapping[str, Any] | None) -> str:
    if row is None or row["value"] is None:
        return "—"
    write = {"money": formats.money, "share": formats.share, "count": formats.count}[row["unit"]]
    return str(write(row["value"]))


def page(entries: list[dict[str, Any]]) -> str:
    """Return the page: no script, nothing from the network, every text escaped."""
    from jinja2 import Environment, StrictUndefined

    from crmkit.present.words import Words

    language = page_language(entries)
    words = Words(language)
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        _PAGE.read_text(encoding="utf-8")
    )
    return template.render(
        language=language,
        text={key: words.message(message) for key, message in _TEXTS.items()},
        headings=[words.message(message) for message in _HEADINGS],
        clients=[_shown(entry, language) for entry in entries],
    )


#: What lies beside a report to be worked with: the board, the weekly sheet, the questions.
BESIDE = ("board", "audit-sheet", "checklist")
_HEADINGS = (N_("Revenue"), N_("Won deals"), N_("Win rate"), N_("Average check, median"))


def write_index(out: Path) -> Path:
    """Write both files; return the path of the page.

    Raises
    ------
    OSError: the disk is full or fails; what was there before is still there.
    """
    entries = collect(out)
    data = json.dumps({"format": 1, "clients": entries}, ensure_ascii=False, indent=1) + "\n"
    write_whole(out / "index.json", data.encode("utf-8", "backslashreplace"))
    write_whole(out / "index.html", page(entries).encode("utf-8", "replace"))
    return out / "index.html"
