"""Plan figures: rows of ``client.yml``, or a file that it names."""

from __future__ import annotations

import pandas as pd

from crmkit.errors import N_, SourceError, did_you_mean
from crmkit.periods import GRAINS
from crmkit.settings import METRICS, Client
from crmkit.sources.parsed import Parsed
from crmkit.sources.reading import RawTable, read_raw
from crmkit.sources.values import AmbiguousValues, parse_moments, parse_numbers

COLUMNS = ("period_start", "period", "manager", "metric", "value")


def read_plan(client: Client) -> pd.DataFrame | None:
    """Return the plan as a table ``plans`` (METHOD 2), or ``None`` if there is none.

    A file has the headings ``period_start, period, manager, metric, value``; ``period`` (month), ``metric``
    (revenue) and ``manager`` (the whole department) may be missing.

    Raises
    ------
    SourceError: a heading, a word or a figure of the file that cannot be used.
    """
    if isinstance(client.plan, str):
        return _from_file(client, client.plan)
    if not client.plan:
        return None
    frame = pd.DataFrame([row.model_dump() for row in client.plan]).rename(columns={"manager": "manager_id"})
    texts = {name: frame[name].astype("str") for name in ("period", "manager_id", "metric")}
    start = pd.to_datetime(frame["period_start"]).astype("datetime64[us]")
    return frame.assign(**texts, period_start=start, file="client.yml", line=0)


def _from_file(client: Client, path: str) -> pd.DataFrame:
    raw = read_raw(client.folder / path)
    lacking = [name for name in ("period_start", "value") if name not in raw.headings]
    if lacking:
        raise SourceError(
            path,
            N_(
                "column «{column}» is missing; the file has: {have}",
                column=lacking[0],
                have=", ".join(raw.headings),
            ),
            remedy=N_("A plan has the headings {names}.", names=", ".join(COLUMNS)),
        )
    start, value = _figures(raw, path)
    blank = pd.Series(None, raw.frame.index, dtype="str")
    frame = pd.DataFrame(
        {
            "period_start": start.values.dt.tz_localize(None).dt.normalize(),
            "period": raw.frame.get("period", blank).fillna("month"),
            "manager_id": raw.frame.get("manager", blank),
            "metric": raw.frame.get("metric", blank).fillna("revenue"),
            "value": value.values,
            "file": path,
            "line": raw.lines.astype("int32"),
        }
    )
    _check_rows(frame, raw, path)
    return frame


def _check_rows(frame: pd.DataFrame, raw: RawTable, path: str) -> None:
    """Refuse plan rows that nobody can count with."""
    for name, known in (("period", GRAINS), ("metric", METRICS)):
        wrong = frame[~frame[name].isin(known)]
        if len(wrong):
            raise SourceError(
                f"{path}:{wrong['line'].iloc[0]}: {name}",
                N_("this is not one of the possible values"),
                wrong[name].unique(),
                did_you_mean(str(wrong[name].iloc[0]), known),
            )
    unread = frame["period_start"].isna() | frame["value"].isna()
    if unread.any():
        raise SourceError(
            f"{path}:{frame['line'][unread].iloc[0]}",
            N_("a plan row has no date or no number that can be read"),
            raw.frame.loc[unread, "period_start"].fillna("")
            + " · "
            + raw.frame.loc[unread, "value"].fillna(""),
            N_("Write dates such as 2026-10-01, and numbers in digits."),
        )
    twice = frame.duplicated(["period_start", "period", "manager_id", "metric"])
    if twice.any():
        raise SourceError(
            f"{path}:{frame['line'][twice].iloc[0]}",
            N_("something stands here twice"),
            frame["period_start"][twice].dt.strftime("%Y-%m-%d"),
            N_("Keep one of the two."),
        )


def _figures(raw: RawTable, path: str) -> tuple[Parsed, Parsed]:
    try:
        start = parse_moments(raw.frame["period_start"], "UTC", native="period_start" in raw.native_dates)
        return start, parse_numbers(raw.frame["value"])
    except AmbiguousValues as error:
        raise SourceError(
            path, error.what, error.samples, N_("Write dates such as 2026-10-01, and numbers in digits.")
        ) from error
