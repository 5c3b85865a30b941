"""Claims: how they are read, and what an interval says to them."""

from __future__ import annotations

from math import inf, nan

import pytest

from crmkit.compare.claims import claim, standing
from crmkit.compare.intervals import Verdict
from crmkit.errors import RequestError

HOLDS, FALLS = Verdict("holds", "above"), Verdict("holds", "below")
CHANCE = Verdict("may_be_chance", "none", "within_chance")


@pytest.mark.parametrize(
    ("text", "about", "factor", "form"),
    [
        ("revenue:+24%", "revenue", 1.24, "percent"),
        ("lost_deals:-30%", "lost_deals", 0.7, "percent"),
        ("lost_orders: −30 %", "lost_deals", 0.7, "percent"),
        ("client_retention:x5", "client_retention", 5, "times"),
        ("retention:×5", "client_retention", 5, "times"),
        ("retention:х5", "client_retention", 5, "times"),  # the Russian letter looks the same
        ("profit:+18%", "margin", 1.18, "percent"),
        ("first_response:/3", "first_response_time:median", 1 / 3, "divided"),
        ("first_response_time:p90:÷3", "first_response_time:p90", 1 / 3, "divided"),
        ("conversion:2% → 20%", "win_rate:closed_count", 10, "from_to"),
        ("win_rate:2,5%->5%", "win_rate:closed_count", 2, "from_to"),
        ("first_response:3->1", "first_response_time:median", 1 / 3, "from_to"),
        ("revenue:+12.5%", "revenue", 1.125, "percent"),
        ("revenue:5x", "revenue", 5, "times"),
        ("revenue:1,5 ×", "revenue", 1.5, "times"),
        ("Lost deals:-30%", "lost_deals", 0.7, "percent"),  # as the catalogue calls it
        ("First response time, 90 % of the leads:/3", "first_response_time:p90", 1 / 3, "divided"),
    ],
)
def test_the_claims_of_the_method_are_read(text: str, about: str, factor: float, form: str) -> None:
    asked = claim(text)
    assert (asked.about, asked.form, asked.text) == (about, form, text)
    assert asked.factor == pytest.approx(factor)
    assert not asked.is_of_reps


def test_a_claim_of_two_reps_and_of_two_figures_keeps_both() -> None:
    of_reps = claim("Ann: north/Bob:x2")
    assert (of_reps.about, of_reps.factor, of_reps.is_of_reps) == ("Ann: north/Bob", 2, True)
    shares = claim("win_rate:2%->20%")
    assert (shares.start, shares.end) == (0.02, 0.2)


@pytest.mark.parametrize(
    "text",
    [
        "revenue", "revenue:", "revenue:much", "revenue:24%", "revenue:+0%", "revenue:x1", "revenue:-100%",
        "revenue:-130%", "revenue:x0", "revenue:/0", "win_rate:0%->20%", "win_rate:20%->20%",
        "win_rate:2->20", "revenue:100->200",
        "revenue:2%->20%", "win_rate:2%->20", "no_such_measure:x2", "revenue:+1e5%", "",
    ],
)  # fmt: skip
def test_what_is_no_claim_is_refused(text: str) -> None:
    with pytest.raises(RequestError):
        claim(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("revenue:+0%", "no change is claimed"),
        ("win_rate:20%->20%", "no change is claimed"),
        ("revenue:-100%", "from nothing, or to nothing"),
        ("win_rate:0%->20%", "from nothing, or to nothing"),
        ("win_rate:2%->200%", "a share cannot be more than 100 %"),
        ("win_rate:120%->20%", "a share cannot be more than 100 %"),
        ("win_rate:2->20", "shares are written in per cent"),
        ("revenue:100->200", "only the change can be claimed"),
    ],
)
def test_a_refusal_says_what_is_wrong_with_a_claim(text: str, why: str) -> None:
    with pytest.raises(RequestError, match=why):
        claim(text)


def test_a_measure_may_be_called_otherwise_and_an_unknown_one_is_refused_as_of_a_claim() -> None:
    titles = {"Выручка": "revenue", "Средний чек, медиана": "average_check:median"}
    assert claim(" выручка:+24,5%", titles).about == "revenue"
    assert claim("Средний чек, медиана:х2", titles).about == "average_check:median"
    with pytest.raises(RequestError) as near:
        claim("выручкаа:+24%", titles)
    assert (near.value.where, str(near.value.remedy)) == ("claim выручкаа:+24%", "Did you mean «Выручка»?")
    with pytest.raises(RequestError) as unknown:
        claim("счастье:+24%", titles)
    assert "--measure" not in str(unknown.value)
    assert "crmkit list measures" in str(unknown.value.remedy)


@pytest.mark.parametrize(
    ("text", "ratio", "verdict", "said"),
    [
        # the change holds, and the claimed figure lies within the interval, or below all of it
        ("revenue:+24%", (1.1, 1.4), HOLDS, "supported"),
        ("revenue:+24%", (1.3, 1.6), HOLDS, "supported"),
        # the change holds, but all of the interval is weaker than the claim
        ("revenue:+24%", (1.02, 1.2), HOLDS, "contradicted"),
        # no change is seen, and one as large as claimed would have been
        ("revenue:+24%", (0.9, 1.1), CHANCE, "contradicted"),
        # no change is seen, but the claimed one may be there
        ("revenue:+24%", (0.9, 1.3), CHANCE, "cannot_tell"),
        # it went the other way
        ("revenue:+24%", (0.7, 0.9), FALLS, "contradicted"),
        # the same downwards: 30 % less, a third
        ("lost_deals:-30%", (0.6, 0.8), FALLS, "supported"),
        ("lost_deals:-30%", (0.4, 0.6), FALLS, "supported"),
        ("lost_deals:-30%", (0.75, 0.95), FALLS, "contradicted"),
        ("lost_deals:-30%", (0.9, 1.1), CHANCE, "contradicted"),
        ("lost_deals:-30%", (0.65, 1.1), CHANCE, "cannot_tell"),
        ("first_response:/3", (0.3, 0.5), FALLS, "supported"),
        ("first_response:/3", (0.4, 0.6), FALLS, "contradicted"),
        ("retention:x5", (3.0, 6.0), HOLDS, "supported"),
        ("retention:x5", (1.1, 2.0), HOLDS, "contradicted"),
        # the gates come first, whatever the interval is
        ("revenue:+24%", (1.1, 1.4), Verdict("too_little_data", "none", "few_weeks"), "cannot_tell"),
        ("revenue:+24%", (0.9, 1.1), Verdict("too_little_data", "none", "some_cases"), "cannot_tell"),
        ("margin:+18%", (nan, nan), Verdict("cannot_be_computed", "none", "deals.margin"), "cannot_tell"),
        # what bends the figures bends the interval too; without the biggest deal there is another one
        ("revenue:+24%", (0.9, 1.1), Verdict("may_be_chance", "none", "mass_closing"), "cannot_tell"),
        ("revenue:+24%", (1.1, 1.4), Verdict("may_be_chance", "none", "recording_changed"), "cannot_tell"),
        ("revenue:+24%", (1.1, 1.4), Verdict("may_be_chance", "none", "one_deal"), "cannot_tell"),
        # too short a history supports no claim, but a figure far from what is claimed is what it is
        ("revenue:+24%", (1.1, 1.4), Verdict("may_be_chance", "none", "few_weeks"), "cannot_tell"),
        ("retention:x5", (1.1, 1.4), Verdict("may_be_chance", "none", "few_weeks"), "contradicted"),
        # nothing before: no upper end
        ("retention:x5", (1.5, inf), HOLDS, "supported"),
    ],
)
def test_an_interval_answers_a_claim(text: str, ratio: tuple, verdict: Verdict, said: str) -> None:
    assert standing(claim(text), ratio, verdict) == said


def test_a_season_that_was_not_separated_may_hide_half_as_much_again() -> None:
    season = Verdict("may_be_chance", "none", "season_not_separated")
    # 1.1 × 1.5 = 1.65: a season could have hidden the 24 %, but not that it is five times as much
    for verdict in (season, CHANCE):
        assert standing(claim("revenue:+24%"), (0.9, 1.1), verdict, is_season_apart=False) == "cannot_tell"
        assert standing(claim("revenue:x5"), (0.9, 1.1), verdict, is_season_apart=False) == "contradicted"
    # 0.9 / 1.5 = 0.6 is not above 0.7; it is above a third
    assert standing(claim("lost_deals:-30%"), (0.9, 1.1), CHANCE, is_season_apart=False) == "cannot_tell"
    assert standing(claim("first_response:/3"), (0.9, 1.1), CHANCE, is_season_apart=False) == "contradicted"


def test_from_to_claims_the_figure_reached_too() -> None:
    asked = claim("win_rate:2%->20%")
    assert standing(asked, (6, 14), HOLDS, reached=(0.15, 0.25)) == "supported"
    # ten times as much, but of so little that 20 % are far off
    assert standing(asked, (6, 14), HOLDS, reached=(0.03, 0.07)) == "contradicted"
    # 20 % are reached, but it was much before already
    assert standing(asked, (1.2, 2.5), HOLDS, reached=(0.15, 0.25)) == "contradicted"
