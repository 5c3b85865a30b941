"""Words for what a measure's declaration says in codes: its unit, what counts, what places it in a period."""

from __future__ import annotations

from crmkit.errors import N_

GROUPS = {
    "communications": N_("Communications"),
    "quality": N_("Quality of work"),
    "sales": N_("Sales"),
    "plan": N_("Plan"),
}

UNITS = {
    "count": N_("a number of cases"),
    "share": N_("a share, 0 to 1 (told in per cent)"),
    "money": N_("money, in the client's currency"),
    "days": N_("calendar days"),
    "hours": N_("working hours"),
    "minutes": N_("minutes"),
    "per_day": N_("per working day"),
    "money_per_day": N_("money a day, in the client's currency"),
    "ratio": N_("how many times"),
    "score": N_("points"),
}

#: What numerator, denominator and n are, by the way cases become a figure.
SUMMARIES = {
    "count": N_("how many cases there are; n is their number"),
    "sum": N_("the cases' values added up; n is how many cases have one"),
    "mean": N_(
        "the values added up (numerator) divided by the number of cases (denominator); n is that number"
    ),
    "ratio": N_(
        "the cases' values added up (numerator) divided by their weights added up (denominator), where a"
        " case that says nothing else weighs 1; n is the number of cases"
    ),
    "median": N_("the value that half of the cases do not exceed; n is the number of cases"),
    "p90": N_("the value that nine of ten cases do not exceed; n is the number of cases"),
    "distribution": N_(
        "the cases of a group (numerator) divided by those of all groups together (denominator and n)"
    ),
    "censored_median": N_(
        "the age by which half of those are won that ever will be, deals still open taken into account"
        " (Aalen–Johansen); numerator: won, denominator and n: all deals looked at"
    ),
    "survival_median": N_(
        "the time within which half have ended, those not ended taken into account (Kaplan–Meier);"
        " numerator: ended, denominator and n: all cases"
    ),
    "survival_p90": N_(
        "the time within which nine of ten have ended, those not ended taken into account (Kaplan–Meier);"
        " numerator: ended, denominator and n: all cases"
    ),
    "formula": N_("put together from other measures of the same period and group; n is that of the first"),
}

#: What places a case in a period.
BASES = {
    "created_in": N_("the moment of creation"),
    "closed_in": N_("the moment of closing"),
    "done_in": N_("the moment when it was done"),
    "due_in": N_("the moment when it was due"),
    "entered_stage_in": N_("the moment when the deal entered the stage"),
    "left_stage_in": N_("the moment when the deal left the stage"),
    "touched_in": N_("being open at any time of the period"),
    "planned_in": N_("the days that the plan is for"),
    "open_at": N_("nothing: it tells what is open at the moment described"),
    "open_at_end": N_("being open at the end of the period"),
    "expected_in": N_("the expected day of closing"),
    "matured_in": N_("the moment at which its horizon was over"),
    "bought_before": N_("having bought before the period began"),
    "hired_in": N_("the day of hiring"),
}

BETTER = {
    "higher": N_("the higher, the better"),
    "lower": N_("the lower, the better"),
    "": N_("neither more nor less is better by itself"),
}
