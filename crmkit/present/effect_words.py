"""What is said of a change: what was, what would have been, what speaks for it, how records were kept."""

from __future__ import annotations

from crmkit.compare.effect import Effect
from crmkit.compare.people import OWNER_THEN
from crmkit.compare.series import TOTALS, unit_of
from crmkit.errors import N_
from crmkit.measures.catalog import find
from crmkit.present import slicing
from crmkit.present.differences import between_text, difference_text, sentence
from crmkit.present.effect_chart import smaller
from crmkit.present.gap_words import PRESENT_OWNER
from crmkit.present.study import Study
from crmkit.present.texts import is_missing
from crmkit.present.units import KIND_OF_UNIT, with_unit
from crmkit.present.verdict_words import label_text

READING = (
    N_(
        "The line through the weeks before is carried on into the weeks after: that is what would have been"
        " without the change. The difference to it is the effect; the interval says how far it may be off."
    ),
    N_(
        "The figures tell whether the level moved from that day on, and not why. Another price, a new rep, a"
        " campaign, a competitor who closed: whatever came at the same time is in it too. It is the average"
        " of the weeks since then; of later weeks it says nothing."
    ),
    N_("A figure that may be chance is no ground for a bonus, a penalty or a contract."),
)
KEPT = {
    "new_deals": N_(
        "Since then {after} deals a working day are created, {before} before; won deals moved by no more than"
        " chance. So it may be that more, or less, is written down, and not that more, or less, is done."
    ),
    "lost_deals": N_(
        "Since then {after} deals a working day are closed as lost, {before} before; won deals moved by no"
        " more than chance. So it may be that more, or fewer, losses are written down, and not that more, or"
        " less, is lost."
    ),
}
#: Bases of measures that count deals for their present owner; others tell who did what.
OF_DEALS = ("created_in", "matured_in")
#: Days of mass closing that are told, the largest.
MOST_DAYS = 3


def said_of(study: Study, found: Effect) -> list[str]:
    """Return what is said of a change after its verdict."""
    return [_label(study, found), *_figures(study, found), *_grounds(study, found), *_recording(study, found)]


def axis(study: Study, found: Effect) -> str:
    """Return what the weekly figures are called."""
    title = study.title(found.measure)
    daily = find(found.measure).summary in TOTALS
    return study.say("{measure} per working day", measure=title) if daily else title


def _label(study: Study, found: Effect) -> str:
    text = N_("Verdict: {label}. Cases on the side that has fewer: {n}.")
    return study.say(text.text, label=label_text(study, found.label), n=study.formats.count(found.n))


def _figures(study: Study, found: Effect) -> list[str]:
    """Return what was, what would have been, and the money."""
    formats, words = study.formats, study.words
    kind = KIND_OF_UNIT[unit_of(find(found.measure))]
    told = {"measure": axis(study, found), "before": found.n_before, "after": found.n_after}
    said = [
        study.say(
            "{measure}: {before} weeks before that day and {after} from then on; the week in which it lies"
            " counts on neither side.", **told,
        )
    ]  # fmt: skip
    if found.weeks_left_out:
        text = N_(
            "Weeks left out at the beginning of the records: {n}. In them only quick deals can have been"
            " closed, for the slow ones began before the records do."
        )
        said.append(study.say(text.text, n=found.weeks_left_out))
    if is_missing(found.value):
        return said
    if is_missing(found.base):
        sides = [found.mean(is_after=side) for side in (False, True)]
        texts = dict(zip(("first", "second"), (with_unit(formats, one, kind) for one in sides), strict=True))
        text = N_(
            "Before it was {first} on average, since then {second}. That is only a description: so few weeks"
            " cannot tell a change from chance."
        )
        return [*said, sentence(words, text.text, **texts)]
    return [*said, *_level(study, found, kind)]


def _level(study: Study, found: Effect, kind: str) -> list[str]:
    """Return what is and what would have been, and the money a month."""
    formats, words = study.formats, study.words
    now, base = (with_unit(formats, one, kind) for one in (found.mean(is_after=True), found.base))
    text = (
        N_("Since then it is {now} on average; without the change it would have been {base}.")
        if found.label == "holds"
        else N_("Since then it is {now} on average; the weeks before let one expect about {base}.")
    )
    said = [sentence(words, text.text, now=now, base=base)]
    if not is_missing(found.money_month):
        text = (
            N_("In money that is {money} a month; it may be {interval}.")
            if found.label == "holds"
            else N_("In money the change a month may be {interval}.")
        )
        money = difference_text(formats, found.money_month, "money")
        interval = between_text(formats, found.money_low, found.money_high, "money")
        said.append(sentence(words, text.text, money=money, interval=interval))
    return said


def _grounds(study: Study, found: Effect) -> list[str]:
    """Return what speaks for the effect and what does not: placebo dates, season, a group beside it."""
    if is_missing(found.base):
        return []
    limits, said = study.crm.settings.limits, []
    if found.placebo_dates:
        text = N_("On {k} of {n} dates on which nothing was changed, the same calculation finds less.")
        said.append(study.say(text.text, **smaller(found)))
    if not is_missing(found.robust_low):
        limits_told = (found.robust_low, found.robust_high, unit_of(find(found.measure)))
        text = N_("For comparing with other tools: with Newey and West's errors the change is {interval}.")
        said.append(sentence(study.words, text.text, interval=between_text(study.formats, *limits_told)))
    season = (
        N_("The season is taken off: each month of the year has a level of its own.")
        if found.is_season
        else N_(
            "The season is not taken off: that needs {weeks} weeks before the change. A strong or a weak"
            " season looks like an effect here."
        )
    )
    said.append(study.say(season.text, weeks=limits.season_weeks))
    of_owners = set(slicing.BY_NAME).intersection([*found.control, *found.treated])
    present = OF_DEALS if OWNER_THEN in study.crm.supplied else (*OF_DEALS, "closed_in")
    if of_owners and find(found.measure).basis in present:
        said.append(study.words.message(PRESENT_OWNER))
    if not found.control:
        text = N_(
            "There is no group beside it that the change did not touch: whatever else came at that time is in"
            " the figure."
        )
        return [*said, study.say(text.text)]
    names = [f"{slicing.heading(study, name)}: {group}" for name, group in found.control.items()]
    text = N_("What happened at the same time to others ({group}), in proportion, is taken off.")
    return [*said, study.say(text.text, group=", ".join(names))]


def _recording(study: Study, found: Effect) -> list[str]:
    """Return who closed deals in a mass around the day, and what is written down otherwise since then."""
    formats, mass = study.formats, found.recording.mass
    largest = mass.sort_values("closed", ascending=False, kind="stable").head(MOST_DAYS)
    who = study.reps(largest, study.say("nobody's deals"))
    text = N_("{day}: {n} deals were closed at once ({rep}); usual are {usual} a day.")
    said = [
        study.say(
            text.text, day=formats.day(row["day"].date()), n=formats.count(row["closed"]), rep=rep,
            usual=formats.count(row["usual"]),
        )
        for row, rep in zip(largest.to_dict("records"), who, strict=True)
    ]  # fmt: skip
    for row in found.recording.kept.to_dict("records"):
        before, after = (formats.number(row[side]) for side in ("before", "after"))
        said.append(study.say(KEPT[row["measure"]].text, before=before, after=after))
    return said
