"""A Word document that a client can go on editing: real styles, numbered headings, filled contents.

Every text is written as text: none becomes a field, a link or a tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
from docx.shared import Cm

from crmkit.documents import wordxml as xml
from crmkit.documents.wordxml import CM, Cell
from crmkit.folder import write_whole
from crmkit.present.texts import clean, shorten
from crmkit.present.words import Words

__all__ = ["SOME_DAY", "Cell", "WordDocument"]

SOME_DAY = datetime(2020, 1, 1, tzinfo=UTC)
"""What stands as the date of creation, so that the same input gives the same bytes."""

LANGUAGES = {"en": "en-US", "ru": "ru-RU"}
_SHORT, _LONG, _LEFT, _RIGHT, _EDGE = 21.0, 29.7, 2.5, 1.8, 2.0
_UNWANTED = ("stylesWithEffects", "customXml", "thumbnail", "webSettings")


class WordDocument:
    """A document on A4 sheets; what is added comes in order, :meth:`write` puts it into a file.

    Parameters
    ----------
    title: what the document is called, on its first page and in the header. client: whose it is.
    words: in whose language it is written. landscape: whether the sheets lie.
    """

    def __init__(self, title: str, *, client: str, words: Words, landscape: bool = False) -> None:
        self.title, self.client, self.words = clean(title), clean(client), words
        self.open_point = words.say("to be agreed")
        self._document = docx.Document()
        self._headings: list[tuple[int, str, str, str]] = []
        self._counts = [0, 0, 0]
        self._tables = 0
        self._contents: Any = None
        long = _LONG if landscape else _SHORT
        self._width = int((long - _LEFT - _RIGHT) * CM)
        self._dress()
        self._lay_out(landscape)

    def cover(self, subtitle: str, facts: Sequence[tuple[str, str]]) -> None:
        """Begin with the title, what the document is about, and a few facts."""
        self._add(xml.paragraph("Title", xml.run(self.title)))
        self._add(xml.paragraph("Subtitle", xml.run(subtitle)))
        self.facts(facts, label=0.32)

    def contents(self) -> None:
        """Put the table of contents here: headings of the first two levels, also of those that follow."""
        self._add(xml.paragraph("TOCHeading", xml.run(self.words.say("Contents"))))
        self._contents = xml.paragraph("TOC1")
        self._add(self._contents)

    def heading(self, text: str, level: int = 1, *, new_page: bool = False) -> None:
        """Add a heading of level 1 to 3; Word numbers it."""
        self._counts[level - 1] += 1
        self._counts[level:] = [0] * (3 - level)
        number = ".".join(map(str, self._counts[:level]))
        index = len(self._headings) + 1
        name = f"_Toc{index:08d}"
        self._headings.append((level, number, clean(text), name))
        self._add(xml.heading(text, level, (index, name), new_page))

    def text(self, text: str, style: str = "Normal") -> None:
        """Add a paragraph for each line of a text, kept on one page with what follows.

        The words «to be agreed» alone are marked.
        """
        for one in xml.lines(text, style, xml.OPEN_POINT if text == self.open_point else ""):
            one[0].append(xml.element("keepNext"))
            self._add(one)

    def items(self, items: Sequence[str], style: str = "ListBullet") -> None:
        """Add a list of bullets, or with the style ``CheckList`` of boxes to tick."""
        for item in items:
            self._add(xml.paragraph(style, xml.run(item)))

    def table(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        widths: Sequence[float],
        *,
        caption: str = "",
        labelled: bool = False,
        marks: int = 0,
    ) -> None:
        """Add a table; its headings are repeated on every page.

        Parameters
        ----------
        widths: of the columns, in any unit: they fill the page. marks: from which column on the cells hold
            marks, to be centred; 0 for none.
        """
        if caption:
            self._tables += 1
            sentence = self.words.say("Table {number}. {title}", number="{number}", title="{title}")
            before, _, after = sentence.partition("{title}")
            shown = {"number": (r"SEQ Table \* ARABIC", str(self._tables))}
            runs = [*xml.filled(before, **shown), xml.run(caption + after)]
            self._add(xml.paragraph("Caption", *runs))
        self._table([headings, *rows], widths, headed=True, labelled=labelled, marks=marks)

    def facts(self, rows: Sequence[tuple[str, Cell]], *, label: float = 0.26) -> None:
        """Add a table of labels and what belongs to them."""
        self._table(rows, (label, 1 - label), headed=False, labelled=True, marks=0)

    def _table(
        self, rows: Sequence[Sequence[Cell]], widths: Sequence[float], *, headed: bool, labelled: bool,
        marks: int,
    ) -> None:  # fmt: skip
        whole = sum(widths)
        sizes = [int(self._width * width / whole) for width in widths]
        self._add(
            xml.table(rows, sizes, headed=headed, labelled=labelled, open_point=self.open_point, marks=marks)
        )
        self._add(xml.paragraph("TableText"))

    def write(self, path: Path) -> None:
        """Write the file; it appears whole or not at all, and the same content gives the same bytes."""
        if self._contents is not None:
            entries = [one for one in self._headings if one[0] <= 2]
            for one in xml.contents(entries) if entries else ():
                self._contents.addprevious(one)
            self._contents.getparent().remove(self._contents)
        out = BytesIO()
        self._document.save(out)
        write_whole(path, xml.settled(out.getvalue()))

    def _add(self, element: Any) -> None:
        self._document.element.body.insert_element_before(element, "w:sectPr")

    def _dress(self) -> None:
        """Put the kit's styles, numbering, settings and properties in place of the library's template."""
        part: Any = self._document.part
        language = LANGUAGES[self.words.language]
        styles = xml.resource("word_styles.xml")
        next(styles.iter(xml.qn("w:lang"))).set(xml.qn("w:val"), language)
        for target, made in (
            (part._styles_part.element, styles),
            (part.numbering_part.element, xml.resource("word_numbering.xml")),
            (part._settings_part.element, xml.settings(language)),
        ):
            target[:] = list(made)
        for owner in (part.rels, part.package.rels):
            for key in [key for key, rel in owner.items() if rel.reltype.rsplit("/")[-1] in _UNWANTED]:
                del owner[key]
        for one in part.package.iter_parts():
            if one.partname == "/docProps/app.xml":
                one._blob = xml.APP
        self._describe(language)

    def _describe(self, language: str) -> None:
        told = self._document.core_properties
        told.title, told.subject = shorten(self.title, 250), shorten(self.client, 250)
        told.author = told.last_modified_by = "crmkit"
        told.created = told.modified = SOME_DAY
        told.language, told.revision, told.comments, told.keywords = language, 1, "", ""

    def _lay_out(self, landscape: bool) -> None:
        """Set the sheet, the header with client and title, and the footer with the page's number."""
        from docx.enum.section import WD_ORIENT

        section = self._document.sections[0]
        section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
        sides = (_LONG, _SHORT) if landscape else (_SHORT, _LONG)
        section.page_width, section.page_height = (Cm(side) for side in sides)
        section.left_margin, section.right_margin = Cm(_LEFT), Cm(_RIGHT)
        section.top_margin = section.bottom_margin = Cm(_EDGE)
        section.header_distance = section.footer_distance = Cm(1.0)
        tab = xml.element("r", xml.element("tab"))
        ends = xml.element("tabs", xml.element("tab", val="right", pos=self._width))
        head = xml.paragraph(
            "Header", xml.run(shorten(self.client, 60)), tab, xml.run(shorten(self.title, 70))
        )
        head[0].append(ends)
        page = {"page": ("PAGE", "1"), "pages": ("NUMPAGES", "1")}
        sentence = self.words.say("Page {page} of {pages}", page="{page}", pages="{pages}")
        foot = xml.paragraph("Footer", *xml.filled(sentence, **page))
        foot[0].append(xml.element("jc", val="right"))
        for place, made in ((section.header, head), (section.footer, foot)):
            place.is_linked_to_previous = False
            body: Any = place._element
            body[:] = [made]
