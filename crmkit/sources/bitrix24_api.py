"""Bitrix24's answers (REST): deals, moves, tasks, cards and people (FORMATS 4)."""

from __future__ import annotations

import pandas as pd

from crmkit.sources import bitrix24
from crmkit.sources.answers import Answers, Interface, distinct_names, in_order, without_zeros
from crmkit.sources.bitrix24_actions import actions, tasks
from crmkit.sources.bitrix24_records import ENTITIES, is_answer, unfold
from crmkit.sources.mapping import Source

#: What stages and deals say of themselves.
KINDS = {
    "P": "open", "process": "open", "S": "won", "success": "won", "F": "lost", "failure": "lost",
    "apology": "lost",
}  # fmt: skip
#: How the numbers of closing stages end, where nothing else tells.
ENDS = {"WON": "won", "LOSE": "lost", "APOLOGY": "lost"}
#: Stages of deals: a bare word in the first pipeline, ``C5:NEW`` in the others; ``DT31_1:NEW`` is no deal's.
OF_DEALS = r"(?:C\d+:)?[^:]+"
STAGE_LISTS = r"DEAL_STAGE(?:_\d+)?"
COMPANY_FIELDS = {"ИНН": "tax_id", "INN": "tax_id", "Город": "city", "City": "city"}


def _compose(answers: Answers) -> dict[str, pd.DataFrame]:
    """Return the rows of the canonical tables, as text."""
    for kind in ("categories", "fields"):
        answers.leave(answers[kind], ENTITIES[kind].table, "taken_over")
    statuses = answers["statuses"]
    of_stages = statuses["group"].str.fullmatch(STAGE_LISTS, na=False)
    answers.leave(statuses[~of_stages], "deals", "taken_over")
    stages = _stages(answers, statuses[of_stages])
    talks, todo = actions(answers)
    return {
        "deals": _deals(answers, stages),
        "stages": stages[["@file", "@line", "pipeline", "stage", "position", "kind"]],
        "stage_changes": _stage_changes(answers, stages),
        "tasks": tasks(answers, todo),
        "activities": talks,
        "contacts": _captioned(answers, answers["contacts"]),
        "companies": _companies(answers),
        "managers": answers["users"],
    }


def _named(codes: pd.Series, names: pd.Series) -> pd.Series:
    """Return the names of codes; a code that has none stays."""
    found = codes.map(names)
    return found.where(found.notna(), codes).astype("str")


def _list(answers: Answers, group: str) -> pd.Series:
    """Return the names of a list of words, by their codes."""
    rows = answers["statuses"]
    return rows[rows["group"] == group].set_index("code")["name"]


def _pipelines(answers: Answers) -> pd.Series:
    rows = answers["categories"]
    return rows["name"].where(rows["name"].notna(), rows["NAME"]).set_axis(rows["@id"])


def _stages(answers: Answers, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the stages of all pipelines in their order."""
    number = rows["group"].str.extract(r"_(\d+)$")[0].fillna("0").astype("str")
    rows = rows.assign(category=number, sort=pd.to_numeric(rows["sort"], errors="coerce"))
    rows = rows.sort_values(["category", "sort", "code"], ignore_index=True)
    kind = rows["extra"].map(KINDS)
    kind = kind.where(kind.notna(), rows["semantics"].map(KINDS)).where(
        lambda one: one.notna(), _end(rows["code"])
    )
    return rows.assign(
        pipeline=_named(rows["category"], _pipelines(answers)),
        stage=distinct_names(rows, "category", "name", "code"),
        position=(rows.groupby("category").cumcount() + 1).astype("str"),
        kind=kind.fillna("open").astype("str"),
    )


def _end(codes: pd.Series) -> pd.Series:
    return codes.str.split(":").str[-1].map(ENDS)


def _deals(answers: Answers, stages: pd.DataFrame) -> pd.DataFrame:
    """Return the deals; their one closing date is planned while they are open, and then the actual one."""
    rows = _captioned(answers, answers["deals"])
    by_code = stages.set_index("code")
    status = rows["semantics"].map(KINDS)
    status = status.where(status.notna(), rows["stage"].map(by_code["kind"]))
    status = status.where(status.notna(), _end(rows["stage"]))
    status = status.where(status.notna(), rows["closed"].map({"N": "open"})).astype("str")
    inner = rows["stage"].str.extract(r"^C(\d+):")[0]
    category = rows["category"].where(rows["category"].notna(), inner)
    category = category.where(category.notna() | rows["stage"].isna(), "0")
    day, is_open = rows["day"].str[:10], status == "open"
    return rows.assign(
        amount=without_zeros(rows["amount"]),
        status=status,
        pipeline=_named(category, _pipelines(answers)),
        stage=_named(rows["stage"], by_code["stage"]),
        source=_named(rows["source"], _list(answers, "SOURCE")),
        closed_at=day.where(~is_open),
        expected_close_on=day.where(is_open),
    ).drop(columns=["closed", "day", "category", "semantics"])


def _stage_changes(answers: Answers, stages: pd.DataFrame) -> pd.DataFrame:
    """Return the moves of deals; the stage left is the one entered before, where all moves are there."""
    rows = answers["stagehistory"]
    of_deals = rows["stage"].str.fullmatch(OF_DEALS, na=False)
    answers.leave(rows[~of_deals], "stage_changes", "other_kind")
    rows = in_order(rows[of_deals].assign(place="0"))
    before = rows.groupby("deal_id")["stage"].shift().where(rows["type"] != "1")
    before = before.where(before != rows["stage"])  # it was left in between, and that move is not there
    names = stages.set_index("code")["stage"]
    rows = rows.assign(to_stage=_named(rows["stage"], names), from_stage=_named(before, names))
    return rows[["@file", "@line", "@order", "deal_id", "changed_at", "from_stage", "to_stage"]]


def _companies(answers: Answers) -> pd.DataFrame:
    rows = _captioned(answers, answers["companies"])
    return rows.assign(segment=_named(rows["segment"], _list(answers, "INDUSTRY")))


def _captioned(answers: Answers, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the client's own fields under their captions, choices in words."""
    told = answers["fields"].set_index("@id")
    names: dict[str, str] = {}
    for code in [name for name in rows.columns if name in told.index]:
        if not code.startswith("UF_"):
            continue
        caption = told.loc[code, ["caption", "label"]].dropna()
        choices = str(told.loc[code, "items"]).split("\t") if pd.notna(told.loc[code, "items"]) else []
        words = dict(zip(choices[::2], choices[1::2], strict=True))
        if words:
            cells = rows[code].str.split(", ").explode()
            cells = _named(cells, pd.Series(words, dtype="str")).groupby(level=0, sort=False)
            rows = rows.assign(
                **{code: cells.agg(lambda parts: ", ".join(parts.dropna()) or None).astype("str")}
            )
        if len(caption) and caption.iloc[0] not in [*rows.columns, *names.values()]:
            names[code] = caption.iloc[0]
    return rows.rename(columns=names)


SOURCE = Source("bitrix24", {"deals": bitrix24.DEALS, "companies": COMPANY_FIELDS})
API = Interface(ENTITIES, SOURCE, is_answer, unfold, _compose)
