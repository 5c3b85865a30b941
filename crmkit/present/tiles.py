"""What stands at the top of a page: tiles with the main figures, and sentences that say what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from crmkit.errors import Message
from crmkit.limits import Limits
from crmkit.present.formats import Formats
from crmkit.present.gates import Cases, gated
from crmkit.present.markup import styled
from crmkit.present.texts import clean, escape, is_missing
from crmkit.present.units import KIND_OF_UNIT, with_unit
from crmkit.present.words import Words

TILES_MIME = "application/vnd.crmkit.tiles+json"
SENTENCES_MIME = "application/vnd.crmkit.sentences+json"

State = Literal["ok", "empty", "approximate", "not_in_export"]
Tone = Literal["plain", "finding", "warning"]


@dataclass(frozen=True)
class Tile:
    """One figure as it is read: ``name``, ``value``, ``lines`` under it (n, interval, before), a ``note``."""

    name: str
    value: str
    lines: tuple[str, ...] = ()
    note: str = ""
    state: State = "ok"

    @classmethod
    def of(
        cls, row: Mapping[str, Any], *, name: str, formats: Formats, before: Mapping[str, Any] | None = None,
        note: str = "", limits: Limits | None = None,
    ) -> Tile:  # fmt: skip
        """Build a tile from one row of ``evaluate``, with the same figure of the period before where given.

        The period before is only shown, never judged: whether a change is more than chance is told by the
        comparison notebook.
        """
        words = formats.words
        state: State = row["state"]
        if state in ("not_in_export", "approximate"):
            missing = row.get("missing") or ""
            said = words.message(missing) if isinstance(missing, Message) else words.say(str(missing))
            note = said or note
        if state == "not_in_export":
            return cls(name, words.say("not in this export"), (), note, state)
        value, beside = _told(row, formats, limits)
        lines = [beside] if beside else []
        if before is not None and before["state"] != "not_in_export":
            earlier, _ = _told(before, formats, limits)
            lines.append(words.say("the period before: {value}", value=earlier))
        return cls(name, value, tuple(lines), note, state)


def _told(row: Mapping[str, Any], formats: Formats, limits: Limits | None) -> tuple[str, str]:
    """Return the figure with its unit, and what it rests on."""
    words, kind, n = formats.words, KIND_OF_UNIT[row["unit"]], row["n"]
    counted = "" if is_missing(n) else f"n\u00a0=\u00a0{formats.count(n)}"
    if kind == "count":
        return formats.count(row["value"]), ""
    if is_missing(row["low"]) and kind != "share":
        text = with_unit(formats, row["value"], kind)
        return text, counted
    told = gated(formats, row["value"], Cases.of(row), kind, limits)
    text = told.text if kind == "share" else with_unit(formats, row["value"], kind)
    if told.standing == "few" or not told.beside:
        return text, "" if told.text == counted else counted
    return text, f"{words.say('95% interval: {interval}', interval=told.beside)}, {counted}"


@dataclass(frozen=True)
class Tiles:
    """Tiles in a row; ``language`` is that of their texts."""

    items: tuple[Tile, ...]
    language: str = "en"

    @classmethod
    def from_json(cls, bundle: Mapping[str, Any]) -> Tiles:
        """Return the tiles that :meth:`to_json` wrote."""
        items = tuple(Tile(**{**item, "lines": tuple(item["lines"])}) for item in bundle["items"])
        return cls(items, bundle["language"])

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {"items": [asdict(item) for item in self.items], "language": self.language}

    def fragment(self) -> str:
        """Return the tiles as HTML without their style sheet."""
        return f'<div class="ck-tiles"><div class="ck-grid">{"".join(map(_tile, self.items))}</div></div>'

    def __repr__(self) -> str:
        return "\n".join(
            clean(
                ": ".join(
                    [item.name, "; ".join([item.value, *item.lines, *([item.note] if item.note else [])])]
                )
            )
            for item in self.items
        )

    def _repr_html_(self) -> str:
        return styled(self.fragment())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self), TILES_MIME: self.to_json()}


def _unbroken(line: str) -> str:
    """Return a line in which no span of figures is broken at its dash: word joiners stand around it."""
    return escape(line).replace("–", "&#8288;–&#8288;")


def _tile(tile: Tile) -> str:
    lines = "".join(f'<div class="ck-line">{_unbroken(line)}</div>' for line in tile.lines)
    note = f'<div class="ck-note">{escape(tile.note)}</div>' if tile.note else ""
    state = " ck-not" if tile.state == "not_in_export" else ""
    return (
        f'<div class="ck-tile{state}"><div class="ck-name">{escape(tile.name)}</div>'
        f'<div class="ck-value">{escape(tile.value)}</div>{lines}{note}</div>'
    )


@dataclass(frozen=True)
class Sentences:
    """Paragraphs of plain text in the reader's language; the ``tone`` sets a finding or a warning apart."""

    paragraphs: tuple[str, ...]
    tone: Tone = "plain"

    @classmethod
    def of(cls, words: Words, messages: Sequence[Message | str], tone: Tone = "plain") -> Sentences:
        """Say marked sentences in a language; texts stand as they are."""
        said = [words.message(one) if isinstance(one, Message) else one for one in messages]
        return cls(tuple(said), tone)

    @classmethod
    def from_json(cls, bundle: Mapping[str, Any]) -> Sentences:
        """Return the sentences that :meth:`to_json` wrote."""
        return cls(tuple(bundle["paragraphs"]), bundle["tone"])

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {"paragraphs": list(self.paragraphs), "tone": self.tone}

    def fragment(self) -> str:
        """Return the sentences as HTML without their style sheet."""
        tone = "" if self.tone == "plain" else f" ck-{self.tone}"
        return f'<div class="ck-said{tone}">{"".join(f"<p>{escape(p)}</p>" for p in self.paragraphs)}</div>'

    def __repr__(self) -> str:
        return clean("\n".join(self.paragraphs))

    def _repr_html_(self) -> str:
        return styled(self.fragment())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self), SENTENCES_MIME: self.to_json()}
