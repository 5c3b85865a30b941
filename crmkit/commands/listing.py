"""What there is: measures, presets, checks, notebooks and sources, as rows of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmkit.present.words import Words

if TYPE_CHECKING:
    from crmkit.audit import Check


def listed(what: str, words: Words) -> list[dict[str, Any]]:
    """Return one row per measure, preset, check, notebook or source, with what is known of each."""
    if what == "measures":
        from crmkit.measures import catalogue

        told = ("id", "variant", "unit", "better", "group", "basis")
        return [
            {name: getattr(one, name) for name in told}
            | {
                "needs": ", ".join(sorted(one.needs)),
                "title": words.say(one.title),
                "definition": words.say(one.definition),
            }
            for one in catalogue()
        ]
    if what == "presets":
        from crmkit.measures.presets import presets

        return [
            {"name": one.name, "title": words.say(one.title), "figures": len(one.rows)}
            | {"measures": ", ".join(one.measures), "note": words.say(one.note)}
            for one in presets()
        ]
    if what == "notebooks":
        from crmkit.batch.notebooks import notebook_paths

        return [{"name": name} for name in notebook_paths()]
    if what == "sources":
        from crmkit.sources.known import SOURCES

        return [
            {"crm": name, "tables": ", ".join(one.columns) or "client.yml"} for name, one in SOURCES.items()
        ]
    from crmkit.audit import hygiene_checks

    return [_check(one, words) for one in hygiene_checks()]


def _check(one: Check, words: Words) -> dict[str, Any]:
    """Return the card of a check."""
    head = {"id": one.id, "number": one.number, "severity": one.severity, "mendable": one.mendable}
    said = {name: words.say(getattr(one, name)) for name in ("title", "definition", "evidence", "why", "fix")}
    return head | said | {"needs": ", ".join(sorted(one.needs))}
