"""Guesses for ``crmkit new``: never used when loading, always to be confirmed in ``client.yml``."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import pandas as pd

from crmkit.errors import fold
from crmkit.schema import TABLES
from crmkit.sources.conform import CURRENCIES
from crmkit.sources.headings import HEADINGS, NEEDED
from crmkit.sources.known import SOURCES
from crmkit.sources.mapping import normal
from crmkit.sources.rawtable import RawTable
from crmkit.sources.stages import STATUS_WORDS

#: What clients keep in fields of their own.
OWN_FIELDS = {"product", "segment", "lost_reason", "margin"}
#: How many of the deals must end as their stage says, for a stage to say it.
ALIKE = 0.95

WON_WORDS = ("won", "успешн", "выигран", "успех", "оплачен")
LOST_WORDS = ("lost", "не реализован", "провал", "проигр", "отказ", "потер", "cancel")
TECHNICAL_WORDS = ("дубл", "тест", "спам", "ошиб", "duplicate", "test", "spam", "error")


def columns_for(table: str, headings: Sequence[str]) -> dict[str, str]:
    """Return guesses of what a plain file's headings mean: the same words first, then the nearest ones."""
    known = {item.name for item in TABLES[table]}
    names = HEADINGS.get(table, {}) | {name.replace("_", " "): name for name in known}
    found: dict[str, str] = {}
    for near in (False, True):
        for heading in headings:
            plain = normal(heading.replace("_", " "))
            hits = difflib.get_close_matches(plain, names, n=1, cutoff=0.88) if near else [plain]
            target = names.get(hits[0]) if hits else None
            if heading not in found and target is not None and target not in found.values():
                found[heading] = target
    return found


def tables_for(headings: Sequence[str]) -> list[str]:
    """Return the tables that a plain file may be: the likeliest, several on a tie, none without a clue."""
    scores = {}
    for table in HEADINGS:
        found = set(columns_for(table, headings).values())
        needed = NEEDED.get(table, [item.name for item in TABLES[table] if item.required])
        if (all(found & {*one.split("|")} for one in needed) and len(found) > 1) or (
            table == "deals" and {"stage", "amount"} & found and len(found) > 3
        ):
            scores[table] = len(found)
    return sorted(table for table, score in scores.items() if score == max(scores.values()))


def table_of(raw: RawTable) -> list[str]:
    """Return the tables that a file may be: of a list of deals and a history, what the deals' numbers say.

    A file that fits a list better is a history all the same if most of its rows are of deals seen before.
    """
    tables = tables_for(raw.headings)
    numbers = {target: heading for heading, target in columns_for("stage_changes", raw.headings).items()}
    if "deals" not in tables or not {"deal_id", "to_stage", "changed_at"} <= {*numbers}:
        return tables
    again = raw.frame[numbers["deal_id"]].duplicated()
    is_history = again.any() if "stage_changes" in tables else again.mean() > 0.5
    return ["stage_changes"] if is_history else ["deals"]


def own_fields(headings: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Return what the client's own fields of deals mean, where their names say it (``Loss_Reason__c``)."""
    plain = {heading: normal(heading.removesuffix("__c").replace("_", " ")) for heading in headings}
    found = {heading: HEADINGS["deals"].get(name) for heading, name in plain.items()}
    free = OWN_FIELDS - set(taken)
    first = {target: heading for heading, target in reversed(found.items()) if target in free}
    return {heading: target for target, heading in reversed(first.items()) if target}


def short_dates(raw: RawTable, columns: dict[str, str]) -> str | None:
    """Return the date format that the values themselves prove for short years, to be confirmed."""
    for heading, target in columns.items():
        if not target.endswith(("_at", "_on")):
            continue
        parts = raw.frame[heading].str.extract(r"^(\d{1,2})([-./])(\d{1,2})[-./](\d{2})$").dropna()
        if parts.empty:
            continue
        first, second, year = (parts[place].astype("int64") for place in (0, 2, 3))
        mark = parts[1].iloc[0]
        if first.max() > 12 >= second.max() and year.nunique() < first.nunique():
            return f"%d{mark}%m{mark}%y"
        if second.max() > 12 >= first.max() and year.nunique() < second.nunique():
            return f"%m{mark}%d{mark}%y"
    return None


def kinds_told(deals: pd.DataFrame) -> dict[str, str]:
    """Return the stages in which nearly all deals are won, or lost, by the file's own word: stage -> kind.

    Empty where deals keep the stage in which they were closed.
    """
    kinds = deals["status"].map(normal, na_action="ignore").map(STATUS_WORDS)
    counts = pd.crosstab(deals["stage"], kinds)
    if counts.empty or counts.max(axis=1).sum() < ALIKE * counts.to_numpy().sum():
        return {}
    return {stage: kind for stage, kind in counts.idxmax(axis=1).items() if kind != "open"}


def unlike(stages: Iterable[str]) -> list[str]:
    """Return names without those that differ from an earlier one only in case, in ё or in spaces."""
    first: dict[str, str] = {}
    return [one for one in stages if first.setdefault(fold(one), one) == one]


def set_in_order(stages: dict[str, dict[str, None]], deals: pd.DataFrame, changes: pd.DataFrame) -> None:
    """Put the stages of each pipeline into the order of the history, with those in which no deal stands now.

    The place of a stage is how many others a deal entered before it, on average.
    """
    known = changes.dropna(subset=["deal_id", "to_stage", "changed_at"]).sort_values("changed_at")
    firsts = known.drop_duplicates(["deal_id", "to_stage"])
    places = firsts.groupby("deal_id").cumcount().groupby(firsts["to_stage"]).mean().to_dict()
    homes = deals.drop_duplicates("deal_id").set_index("deal_id")
    home = firsts["deal_id"].map(homes["pipeline"]) if "pipeline" in homes else None
    for pipeline, met in stages.items():
        passed = firsts["to_stage"] if home is None else firsts["to_stage"][home == pipeline]
        stages[pipeline] = dict.fromkeys(
            sorted({**met, **dict.fromkeys(passed)}, key=lambda one: places.get(one, 0))
        )


def kind_of(stage: str) -> str:
    """Return what a stage's name says: open, won or lost.

    >>> kind_of("Closed Won"), kind_of("Prospecting")
    ('won', 'open')
    """
    small = stage.strip().casefold()
    for source in SOURCES.values():
        if small in source.won or small in source.lost:
            return "won" if small in source.won else "lost"
    if small in STATUS_WORDS:
        return STATUS_WORDS[small]
    if any(word in small for word in LOST_WORDS):
        return "lost"
    return "won" if any(word in small and f"не {word}" not in small for word in WON_WORDS) else "open"


def commonest_code(cells: Iterable[str]) -> str:
    """Return the currency that most of the cells name, by its three letters; nothing where it is not known.

    >>> commonest_code(["rub", "RUB", "USD"])
    'RUB'
    """
    codes = Counter(CURRENCIES.get(one.strip().casefold(), one.strip().upper()) for one in cells)
    code = codes.most_common(1)[0][0] if codes else ""
    return code if re.fullmatch("[A-Z]{3}", code) else ""


def technical(reasons: Iterable[str]) -> list[str]:
    """Return the loss reasons that look like no loss at all: duplicates, tests, spam."""
    return sorted(one for one in reasons if any(word in one.casefold() for word in TECHNICAL_WORDS))
