"""The report as one page: no network, no code, the chart library once, and only our own scripts may run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mistune
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from crmkit.documents.blocks import Block, Markdown, Section, Verbatim
from crmkit.errors import N_, ReportError
from crmkit.folder import whole
from crmkit.limits import Limits
from crmkit.present.drawing import Diagram
from crmkit.present.figures import Figure
from crmkit.present.markup import style
from crmkit.present.texts import clean, escape, safe_link
from crmkit.present.words import Words

PAGES = Path(__file__).resolve().parent / "pages"


@dataclass(frozen=True)
class Cover:
    """What stands on top of a report.

    Parameters
    ----------
    client_name: as in ``client.yml``.
    language: ``en`` or ``ru``.
    facts: pairs of a name and a text: the date of the data, the period, the currency, the source.
    version: crmkit's version. The time of the run never stands on the page: the same input, the same page.
    limits: thresholds of small numbers, for «how to read».
    """

    client_name: str
    language: str
    facts: Sequence[tuple[str, str]]
    version: str
    limits: Limits = field(default_factory=Limits)


class _Prose(mistune.HTMLRenderer):
    """Markdown without raw HTML and pictures, its headings one level lower and with ids for the contents."""

    def __init__(self, prefix: str) -> None:
        super().__init__(escape=True)
        self.prefix = prefix
        self.headings: list[tuple[str, Markup]] = []

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        """Write a heading; those of level two go to the contents."""
        if level > 2:
            return f"<h{min(level + 1, 6)}>{text}</h{min(level + 1, 6)}>\n"
        name = f"{self.prefix}-{len(self.headings) + 1}"
        self.headings.append((name, Markup(text)))  # noqa: S704 (mistune escaped it)
        return f'<h3 id="{name}">{text}</h3>\n'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Write a picture's words only."""
        return text

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """Write a link to a web address; of another one, its words only."""
        address = safe_link(url)
        return f'<a href="{escape(address)}" rel="noopener noreferrer">{text}</a>' if address else text


@dataclass
class _Page:
    """Writes blocks as HTML, and counts the charts."""

    charts: list[dict[str, Any]] = field(default_factory=list)

    def section(self, number: int, section: Section) -> dict[str, Any]:
        """Return a section's title, anchor, headings and HTML."""
        prose = _Prose(f"part-{number}")
        markdown = mistune.create_markdown(renderer=prose, plugins=["table"])
        body = [self.block(block, markdown) for block in section.blocks]
        return {"title": clean(section.title), "id": prose.prefix, "headings": prose.headings, "blocks": body}

    def block(self, block: Block, markdown: mistune.Markdown) -> dict[str, Any]:
        """Return the kind of a block and what the template needs of it; everything in it is escaped."""
        if isinstance(block, Markdown):
            text = f'<div class="prose">{markdown(clean(block.text))}</div>'
            return {"kind": "html", "html": Markup(text)}  # noqa: S704 (mistune escaped it)
        if isinstance(block, Verbatim):
            return {"kind": "verbatim", "text": clean(block.text)}
        if isinstance(block, Figure):
            return self.chart(block)
        if isinstance(block, Diagram):
            return {
                "kind": "diagram",
                "title": clean(block.title),
                "html": Markup(block.drawn()),  # noqa: S704
                "table": Markup(block.table.fragment()) if block.table else None,  # noqa: S704
            }
        return {"kind": "html", "html": Markup(block.fragment())}  # noqa: S704

    def chart(self, figure: Figure) -> dict[str, Any]:
        """Return a chart; its title becomes a caption of the page, which can wrap."""
        layout = {key: value for key, value in figure.spec["layout"].items() if key != "title"}
        margin = layout.get("margin", {})
        top = 12 + 18 * bool(layout.get("shapes"))
        saved = margin.get("t", top) - top
        layout |= {"margin": {**margin, "t": top}, "height": layout.get("height", 400) - saved}
        config = {**figure.spec.get("config", {}), "displayModeBar": False}
        chart = {
            "kind": "chart",
            "id": f"chart-{len(self.charts) + 1}",
            "title": clean(figure.title),
            "alt": clean(figure.alt),
            "height": int(layout["height"]),
            "spec": {"data": figure.spec["data"], "layout": layout, "config": config},
            "table": Markup(figure.table.fragment()) if figure.table else None,  # noqa: S704
        }
        self.charts.append(chart)
        return chart


def environment() -> Environment:
    """Return what fills the page templates, with everything escaped."""
    pages = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.policies["json.dumps_kwargs"] = {"sort_keys": True, "allow_nan": False, "ensure_ascii": False}
    return pages


@cache
def _plotly() -> str:
    """Return plotly.js as it was installed with plotly, without importing plotly."""
    found = find_spec("plotly")
    if found is None or found.origin is None:
        raise ReportError(
            "plotly", N_("the chart library is not installed"), remedy=N_("Install crmkit again.")
        )
    script = Path(found.origin).parent / "package_data" / "plotly.min.js"
    text = script.read_text(encoding="utf-8").replace("\r\n", "\n")
    if "</script" in text.lower():
        raise ReportError(str(script.name), N_("the chart library cannot stand inside a page"))
    return text


def _hash(script: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"


def render_report(cover: Cover, sections: Sequence[Section]) -> str:
    """Return the page of a report."""
    page, words = _Page(), Words(cover.language)
    parts = [page.section(number, section) for number, section in enumerate(sections, 1)]
    scripts = [_plotly(), (PAGES / "report.js").read_text(encoding="utf-8")] if page.charts else []
    allowed = " ".join(map(_hash, scripts)) or "'none'"
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "font-src data:; base-uri 'none'; form-action 'none'"
    )
    return (
        environment()
        .get_template("report.html")
        .render(
            say=words.say,
            language=cover.language,
            client=clean(cover.client_name),
            facts=[(clean(name), clean(text)) for name, text in cover.facts],
            version=cover.version,
            limits=cover.limits,
            parts=parts,
            policy=policy,
            styles=Markup(style() + (PAGES / "report.css").read_text(encoding="utf-8")),  # noqa: S704
            scripts=[Markup(script) for script in scripts],  # noqa: S704
        )
    )


def write_report(path: Path, cover: Cover, sections: Sequence[Section]) -> None:
    """Write a report as one self-contained page; the file appears whole or not at all.

    Parameters
    ----------
    path: where to; its folder exists.
    cover: what stands on top.
    sections: one a notebook, from :meth:`Section.of`.
    """
    text = render_report(cover, sections)
    with whole(path) as place:
        place.write_text(text, encoding="utf-8", newline="\n")
