"""The recommendation in plain words: one step, what it costs, why, what comes next, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmkit.errors import N_, Message
from crmkit.present.study import Study
from crmkit.present.texts import is_missing
from crmkit.present.tiles import Sentences
from crmkit.process.bottlenecks import QUARTER, Bottlenecks

Row = Mapping[str, Any]

#: What stands beside a step in the table.
STATES: Mapping[str, Message] = {
    "": N_("costs more than chance alone explains"),
    "may_be_chance": N_("may be chance"),
    "at_benchmark": N_("is at its benchmark: costs nothing"),
    "no_gain": N_("going on from here wins no more often"),
    "few_visits": N_("too few visits have ended to compare"),
    "few_clients": N_("too few clients to compare"),
    "no_benchmark": N_("nothing to compare with"),
    "never_advanced": N_("no deal has gone on from here"),
    "no_amounts": N_("no amounts of won deals"),
    "no_resolved_visits": N_("no visit has ended yet"),
    "no_way_out": N_("no way leads from here to an end"),
    "leads_to_unknown": N_("the end of too many deals is not known yet"),
    "no_times": N_("times are not known"),
}
BELOW_STATED = N_("surely fewer go on than the description states")
#: How the conversion of the funnel differs from that of the account.
VISITED = N_(
    "The conversion here is of the visits that have ended. A deal that passed over a step did not visit it;"
    " the table of what became of the deals counts it as gone on, so the two can differ."
)
#: Why nothing is recommended, where one reason is to be explained.
WHY: Mapping[str, Message] = {
    "no_visits": N_("No deal entered a step in this period."),
    "no_benchmark": N_(
        "A step is compared with its best reps where at least 3 reps have 30 visits each that ended, else"
        " with the conversion that the description states: write it there, or take a longer period."
    ),
    "few_visits": N_("Fewer than 30 visits to a step have ended: take a longer period."),
    "few_clients": N_("The deals belong to fewer than 10 clients: chance cannot be told from the rest."),
    "no_way_out": N_(
        "From some steps no way leads to won or lost: say in client.yml which stages of the CRM are won and"
        " which are lost."
    ),
    "leads_to_unknown": N_("More than 5% of the deals have gone where nothing has ended yet."),
}


def focus(study: Study, found: Bottlenecks) -> Sentences:
    """Return which step to improve first and why, the next three, and how sure that is; or why none."""
    if found.focus is None:
        return Sentences.of(study.words, _why_not(study, found), "warning")
    row = row_at(found, found.focus)
    said = [_recommended(study, found, row), _reason(study, row), _flow(study, row)]
    after = [_costing(study, found, row_at(found, ix)) for ix in found.next]
    if after:
        said.append(N_("After that, one at a time: {steps}.", steps="; ".join(after)))
    said += _doubts(study, found)
    return Sentences.of(study.words, said, "finding")


def row_at(found: Bottlenecks, ix: int) -> Row:
    """Return a row of the ranking."""
    return {str(key): value for key, value in found.ranking.iloc[ix].to_dict().items()}


def rows_of(found: Bottlenecks) -> list[Row]:
    """Return the rows of the ranking."""
    return [row_at(found, ix) for ix in range(len(found.ranking))]


def name_of(found: Bottlenecks, row: Row) -> str:
    """Return what a place is called; with its pipeline where there are several."""
    several = len(set(found.ranking["pipeline"].dropna()) - {""}) > 1
    has_one = several and not is_missing(row["pipeline"]) and row["pipeline"]
    return f"{row['stage']} ({row['pipeline']})" if has_one else str(row["stage"])


def source_of(study: Study, row: Row) -> str:
    """Return whose conversion the benchmark is."""
    if is_missing(row["benchmark"]):
        return ""
    if row["benchmark_source"] != QUARTER:
        return study.say("stated in the description")
    reps, best = study.formats.count(row["reps"]), study.formats.count(row["best_reps"])
    return study.say("the best {best} of {reps} reps", best=best, reps=reps)


def verdict_of(study: Study, row: Row) -> str:
    """Return what can be said of a step; a wish of the description is not what others reach."""
    surely = not row["state"] and row["benchmark_source"] != QUARTER
    return study.words.message(BELOW_STATED if surely else STATES[row["state"]])


def cost_of(study: Study, found: Bottlenecks, row: Row) -> tuple[str, str]:
    """Return what a place costs a month, and the interval of that."""
    name = f"{found.unit}_month"
    if found.unit == "money":
        return study.formats.money(row[name]), study.formats.interval(
            row[f"{name}_low"], row[f"{name}_high"], "money"
        )
    told = study.say("won deals: {number}", number=study.formats.number(row[name]))
    return told, study.formats.interval(row[f"{name}_low"], row[f"{name}_high"], "number")


def _recommended(study: Study, found: Bottlenecks, row: Row) -> Message:
    cost, interval = cost_of(study, found, row)
    return N_(
        "Improve one step first: «{step}». If {benchmark} of the deals went on from it instead of {now}, that"
        " would bring about {cost} more a month (95% interval: {interval}).",
        step=name_of(found, row), cost=cost, interval=interval,
        now=study.formats.share(row["conversion"]), benchmark=study.formats.share(row["benchmark"]),
    )  # fmt: skip


def _reason(study: Study, row: Row) -> Message:
    benchmark = study.formats.share(row["benchmark"])
    if row["benchmark_source"] != QUARTER:
        return N_(
            "{benchmark} is the conversion that the description states: too few reps have enough deals at"
            " this step to show what can be reached. Before you plan with this money, find out whether it"
            " can be.",
            benchmark=benchmark,
        )
    return N_(
        "{benchmark} is what the best {best} of {reps} reps reach at this step, cautiously counted: their"
        " luck is taken off, so that nobody is measured against a chance record.",
        benchmark=benchmark, best=study.formats.count(row["best_reps"]),
        reps=study.formats.count(row["reps"]),
    )  # fmt: skip


def _flow(study: Study, row: Row) -> Message:
    told = {
        "flow": study.formats.number(row["flow_month"]), "now": study.formats.share(row["p_win"]),
        "then": study.formats.share(row["p_win_if"]), "n": study.formats.count(row["conversion_n"]),
    }  # fmt: skip
    if is_missing(row["check"]):
        return N_(
            "{flow} deals come to this step each month for the first time. Of them {now} are won now, and"
            " {then} would be ({n} visits that ended).",
            **told,
        )
    return N_(
        "{flow} deals come to this step each month for the first time. Of them {now} are won now, and {then}"
        " would be ({n} visits that ended); a won deal brings {check} on average ({deals} deals).",
        **told, check=study.formats.money(row["check"]), deals=study.formats.count(row["check_n"]),
    )  # fmt: skip


def _costing(study: Study, found: Bottlenecks, row: Row) -> str:
    """Return a step with its cost, and whether it may be chance."""
    cost, interval = cost_of(study, found, row)
    if row["state"]:
        return study.say("«{step}»: {cost}, which may be chance", step=name_of(found, row), cost=cost)
    return study.say("«{step}»: {cost} ({interval})", step=name_of(found, row), cost=cost, interval=interval)


def _doubts(study: Study, found: Bottlenecks) -> list[Message]:
    """Say how far the first places can be told apart, and what another benchmark would say."""
    said = []
    first, recommended = row_at(found, 0), row_at(found, found.focus or 0)
    if found.focus:
        said.append(
            N_(
                "«{first}» comes out dearer ({cost}), but that may be chance; «{step}» is the dearest step"
                " whose cost is more than chance.",
                first=name_of(found, first),
                step=name_of(found, recommended),
                cost=cost_of(study, found, first)[0],
            )
        )
    elif found.first_two_overlap and found.ahead is not None:
        said.append(
            N_(
                "The data cannot tell for certain that this step is the dearest: the intervals overlap. In"
                " {times} of 100 repetitions with clients drawn at random it costs more than the second one.",
                times=study.formats.count(round(100 * found.ahead)),
            )
        )
    if found.other_focus is not None and found.other_focus != found.focus:
        said.append(_rival(study, found, row_at(found, found.other_focus)))
    elif found.other_focus is not None:
        said.append(N_("By the conversions that the description states, the same step comes first."))
    return said


def _rival(study: Study, found: Bottlenecks, row: Row) -> Message:
    if is_missing(row["other_benchmark"]):
        return N_(
            "Measured by the conversions that the description states, «{step}» would come first.",
            step=name_of(found, row),
        )
    return N_(
        "Measured by the conversions that the description states, «{step}» would come first: for it {stated}"
        " is stated, and {reached} is what its best reps reach.",
        step=name_of(found, row), stated=study.formats.share(row["other_benchmark"]),
        reached=study.formats.share(row["benchmark"]),
    )  # fmt: skip


def _why_not(study: Study, found: Bottlenecks) -> list[Message | str]:
    """Say why no step is recommended, and where the data points nevertheless."""
    if "no_history" in found.why_not:
        return [N_("No step can be recommended."), *study.why("stage_changes.to_stage")]
    said: list[Message | str] = [N_("No step can be recommended on this data.")]
    if "may_be_chance" in found.why_not:
        row = row_at(found, 0)
        cost, interval = cost_of(study, found, row)
        said.append(
            N_(
                "Most points to «{step}» ({cost} a month), but that may be chance: its 95% interval is"
                " {interval}. A longer period can settle it.",
                step=name_of(found, row),
                cost=cost,
                interval=interval,
            )
        )
    if set(found.why_not) <= {"at_benchmark", "may_be_chance", "no_gain"}:
        said.append(
            N_(
                "The reps differ at no step by more than chance: looking for what the best ones do will not"
                " help; a better process, or other deals, may."
            )
        )
    return said + [WHY[code] for code in found.why_not if code in WHY]
