"""Write docs/kpi.md and docs/kpi.ru.md, the definitions of all measures, from the catalogue.

Usage: python tools/definitions.py [check]      (check: exit with 1 if a page is not up to date)
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from crmkit.measures import catalogue  # noqa: E402
from crmkit.present.words import Words  # noqa: E402

PAGES = {"en": ROOT / "docs" / "kpi.md", "ru": ROOT / "docs" / "kpi.ru.md"}


def page(language: str) -> str:
    """Return the page in a language."""
    say = Words(language).say
    lines = [
        f"# {say('The measures')}",
        "",
        say("This page is made from the catalogue by tools/definitions.py."),
        "",
    ]
    for one in catalogue():
        default = f" · {say('default')}" if one.variant and one.is_default else ""
        lines += [f"## {say(one.title)}", "", f"`{one.name}`{default}", ""]
        lines += [say(one.definition), ""]
        lines += [f"- {say('unit')}: `{one.unit}`", f"- {say('placed in a period by')}: `{one.basis}`"]
        lines += [f"- {say('needs')}: {', '.join(f'`{need}`' for need in sorted(one.needs))}", ""]
        if language == "en":
            details = one.card.split("\n\n")[1:]
            lines += ["\n\n".join(details), ""] if details else []
    return "\n".join(lines).rstrip() + "\n"


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
