"""Write docs/kpi.md and docs/kpi.ru.md, the definitions of all measures, from the catalogue.

Usage: python tools/definitions.py [check]      (check: exit with 1 if a page is not up to date)
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from catalogue import facts  # noqa: E402

from crmkit.errors import N_  # noqa: E402
from crmkit.measures import Measure, catalogue  # noqa: E402
from crmkit.measures.catalog import GROUPS  # noqa: E402
from crmkit.present.meanings import BASES, BETTER, SUMMARIES, UNITS  # noqa: E402
from crmkit.present.meanings import GROUPS as GROUP_NAMES  # noqa: E402
from crmkit.present.words import Words  # noqa: E402
from crmkit.schema import column  # noqa: E402

PAGES = {"en": ROOT / "docs" / "kpi.md", "ru": ROOT / "docs" / "kpi.ru.md"}
INTRODUCTION = (
    N_("This page is made from the catalogue by tools/definitions.py."),
    N_(
        "A measure has an id, and where there are several ways to count, variants: id:variant. The id alone"
        " means the default variant. An id never changes its meaning."
    ),
    N_(
        "Nothing to count gives 0 for a number or a sum, and no figure for the rest. What the export does"
        " not carry is not told; it is never 0."
    ),
)


def page(language: str) -> str:
    """Return the page in a language."""
    words = Words(language)
    lines = [f"# {words.say('The measures')}", ""]
    for text in INTRODUCTION:
        lines += [words.message(text), ""]
    for group in GROUPS:
        ids = list(dict.fromkeys(one.id for one in catalogue() if one.group == group))
        if ids:
            lines += [f"## {words.message(GROUP_NAMES[group])}", ""]
        for name in ids:
            family = [one for one in catalogue() if (one.id, one.group) == (name, group)]
            for one in sorted(family, key=lambda one: not one.is_default):
                lines += [*entry(one, words), ""]
    return "\n".join(lines).rstrip() + "\n"


def entry(one: Measure, words: Words) -> Iterator[str]:
    """Yield the lines that tell of one measure."""
    say, message = words.say, words.message
    default = f" · {say('default')}" if one.variant and one.is_default else ""
    yield from (f"### {say(one.title)}", "", f"`{one.name}`{default}", "", say(one.definition), "")
    yield f"- {say('unit')}: `{one.unit}`, {message(UNITS[one.unit])}; {message(BETTER[one.better])}"
    yield f"- {say('figure')}: {message(SUMMARIES[one.summary])}"
    if one.parts:
        yield f"- {say('made of')}: {', '.join(f'`{part}`' for part in one.parts)}"
    yield f"- {say('placed in a period by')}: `{one.basis}`, {message(BASES[one.basis])}"
    yield f"- {say('needs')}: {'; '.join(need(part, words) for part in sorted(one.needs)) or '—'}"
    if one.within or one.only_by:
        slices = ", ".join(f"`{name}`" for name in [one.within] if name) or ", ".join(
            f"`{name}`" for name in sorted(one.only_by)
        )
        yield f"- {say('told by')}: {slices}"
    for fact in facts(one.card):
        source = fact.removeprefix("Source: ")
        yield f"- {say(fact)}" if source == fact else f"- {say('Source: {source}', source=source)}"


def need(text: str, words: Words) -> str:
    """Return what a measure needs, with the meaning of each column."""
    joints = {"|": words.say("or"), "+": words.say("and"), "~": words.say("or, roughly,")}
    return " ".join(
        joints[part] if part in joints else part_of(part, words) for part in re.split(r"([|+~])", text)
    )


def part_of(name: str, words: Words) -> str:
    """Return one column (``table.column``, ``table.column=time``, ``table.kind=call``) with its meaning."""
    table, _, rest = name.partition(".")
    short, _, value = rest.partition("=")
    known = column(table, short)
    said = [words.say(known.meaning)] if known else []
    said += [words.say("with the time of day")] if value == "time" else []
    return f"`{name}` ({', '.join(said)})" if said else f"`{name}`"


def main() -> int:
    """Write the pages, or check them."""
    pages = {path: page(language) for language, path in PAGES.items()}
    stale = [
        path for path, text in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    if sys.argv[1:] == ["check"]:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(ROOT)} is not up to date: python tools/definitions.py\n")
        return 1 if stale else 0
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
