"""Calls, letters and messages in our words: lists say «incoming» and «missed» in many ways."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from crmkit.sources.distinct import by_distinct
from crmkit.sources.ledger import Ledger

#: Words in a column that says whether somebody answered, beside yes and no; small letters.
ANSWERED = frozenset({
    "отвечен", "отвечено", "отвечена", "отвеченный", "ответ", "есть ответ", "принят", "принятый", "состоялся",
    "разговор состоялся", "успешный", "успешно", "дозвон", "дозвонились", "answered", "answer", "connected",
    "completed", "success", "successful", "talked", "atendida", "contestada", "respondida", "200",
})  # fmt: skip
UNANSWERED = frozenset({
    "не отвечен", "не отвечено", "неотвеченный", "неотвечен", "без ответа", "нет ответа", "пропущен",
    "пропущено", "пропущенный", "непринятый", "не принят", "недозвон", "не дозвонились", "не дозвонился",
    "занято", "занят", "отклонен", "отклонён", "сброшен", "отменен", "отменён", "автоответчик", "ошибка",
    "missed", "no answer", "no-answer", "no_answer", "noanswer", "not answered", "unanswered", "busy",
    "failed", "cancelled", "canceled", "declined", "rejected", "abandoned", "voicemail", "left voicemail",
    "perdida", "não atendida", "no contestada", "304",
})  # fmt: skip

#: How the words for kinds begin, or what they are; the first that fits counts.
KINDS = {
    "linkedin": r"linked.?in",
    "email": r"e-?mail|\bписьмо|\bпочт|\bletter|\bcorreo",
    "messenger": r"\bсообщени|мессенджер|\bчат|\bсмс|\bsms|whatsapp|ватсап|telegram|телеграм|\bviber|\bвайбер"
    r"|\bchat|messenger|\bmessage|\bmensaje|\bmensagem",
    "call": r"звон|\bсвязаться|\bcall|\bphone|\bligação|\bllamada",
    "meeting": r"\bвстреч|\bвизит|meeting|^event$|\blunch|\breunião|\breunión",
    "task": r"\bзадач|^дело$|\btask|\bto[-_ ]?do\b|^deadline$|\btarea|\btarefa",
}  # fmt: skip
#: What tells the direction: first whether nobody answered, then in and out.
MISSED = r"пропущ|непринят|не принят|missed|abandon|perdida"
UNHEARD = rf"{MISSED}|неотвеч|не отвеч|без ответа|недозвон|unanswered|not answered|no answer"
IN = r"вход|\bin\b|inbound|incoming|\bв нас\b|entrante|recebid"
OUT = r"исход|\bout\b|outbound|outgoing|salient|realizad|efetuad"


def in_our_words(talks: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return activities with canonical kinds and directions; a missed call came in, and nobody answered it.

    One column often says it all («missed incoming call»): each is told by the other where it is silent.
    An action without a kind that has a length or an answer is a call, and so is each row of a list that tells
    no kind at all but a length, an answer or a direction, as the telephony's lists. Words for a direction
    that are not known count as none; both are noted.
    """
    said, kinds = talks["direction"], talks["kind"]
    direction = by_distinct(said, lambda cells: _first(cells, {"in": IN, "out": OUT, "missed": MISSED}))
    strange = said.notna() & direction.isna()
    ledger.note(
        "unknown_direction", "activities", "direction", count=strange.sum(), samples=said[strange].unique()
    )
    told = by_distinct(kinds, lambda cells: _first(cells, {"in": IN, "out": OUT, "missed": MISSED}))
    direction = direction.where(direction.notna(), told)
    unheard = _holds(said, UNHEARD) | _holds(kinds, UNHEARD)
    answered = talks["answered"].mask(talks["answered"].isna() & unheard, other=False)
    kind = kind_in_our_words(kinds)
    hinted = by_distinct(said, lambda cells: _first(cells, KINDS))
    kind = kind.where(kind.notna(), hinted)
    told_of = talks["duration_s"].notna() | answered.notna()
    bare = kind.isna() & (told_of | _in_lists_of_calls(talks["file"], kind, told_of | direction.notna()))
    ledger.note("call_assumed", "activities", "kind", count=int(bare.sum()))
    return talks.assign(
        kind=kind.mask(bare, "call"), direction=direction.replace("missed", "in"), answered=answered
    )


def _in_lists_of_calls(files: pd.Series, kind: pd.Series, told_of: pd.Series) -> pd.Series:
    """Return which rows stand in a file that tells no kind at all, but something that calls have."""
    by_file = pd.DataFrame({"kind": kind.notna(), "told_of": told_of}).groupby(files).any()
    return files.isin(by_file.index[by_file["told_of"] & ~by_file["kind"]])


def kind_in_our_words(kinds: pd.Series) -> pd.Series:
    """Return canonical kinds for the words of any CRM; a word that is not known stays as it is."""
    found = by_distinct(kinds, lambda cells: _first(cells, KINDS))
    bare = by_distinct(kinds, lambda cells: _first(cells, {"call": rf"{MISSED}|{IN}|{OUT}"}))
    return found.where(found.notna(), kinds.where(bare.isna()))


def _first(cells: pd.Series, patterns: Mapping[str, str]) -> pd.Series:
    """Return for each cell the first word whose pattern stands in it; missing if none does."""
    compiled = {word: re.compile(pattern, re.IGNORECASE) for word, pattern in patterns.items()}
    found = [next((word for word, one in compiled.items() if one.search(cell)), None) for cell in cells]
    return pd.Series(found, cells.index, dtype="str")


def _holds(text: pd.Series, pattern: str) -> pd.Series:
    return by_distinct(text, lambda cells: _first(cells, {"yes": pattern})).notna()
