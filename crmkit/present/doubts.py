"""What must not be believed: doubts about the data as a whole, as far as it shows them itself."""

from __future__ import annotations

from crmkit.edges import begins_without_closings, lonely_end
from crmkit.errors import N_, Message
from crmkit.measures import borders
from crmkit.present.study import Study
from crmkit.present.tiles import Sentences


def warnings(study: Study) -> Sentences:
    """Return what the figures must not be believed in, as far as the data shows it."""
    said: list[Message | str] = []
    cut = begins_without_closings(study.crm)
    if cut is not None:
        created, closed = (study.formats.day(moment.date()) for moment in cut)
        said.append(
            N_(
                "The first deals were created on {created}, and nothing closes before {closed}: deals closed"
                " earlier seem not to have been exported. Revenue, win rates and cycles of the first months"
                " are therefore not to be believed.",
                created=created,
                closed=closed,
            )
        )
    said += mistyped_day(study)
    unplaced = int(study.crm.deals["created_at"].isna().sum())
    if unplaced:
        said.append(
            study.words.plural(
                "{n} deal has no creation date: it is in the figures by stage, but in no figure of a period.",
                "{n} deals have no creation date: they are in the figures by stage,"
                " but in no figure of a period.",
                unplaced,
            )
        )
    years = study.crm.settings.calendar.unconfirmed_years(*borders(study.crm, study.period).days())
    if years:
        said.append(
            N_(
                "The holidays of {years} are not decreed yet; working days there may change.",
                years=", ".join(map(str, years)),
            )
        )
    return Sentences.of(
        study.words,
        said or [N_("Nothing was found that would make figures doubtful as a whole.")],
        "warning" if said else "plain",
    )


def mistyped_day(study: Study) -> list[Message]:
    """Return the doubt that the moment described comes from a mistyped date."""
    lonely = lonely_end(study.crm)
    if lonely is None:
        return []
    return [
        N_(
            "Nearly all that is recorded ends on {day}; only {n} of {all} dates are later. If those are"
            " mistaken, write exported_on or as_of in client.yml: the report describes the latest date.",
            day=study.formats.day(lonely[0].date()),
            n=study.formats.count(lonely[1]),
            all=study.formats.count(lonely[2]),
        )
    ]
