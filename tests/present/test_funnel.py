"""The funnel plot: reps between the limits of chance, marked only where a verdict holds."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from crmkit.limits import Limits
from crmkit.present.figures import Plate
from crmkit.present.formats import Formats
from crmkit.present.funnel import funnel
from crmkit.statistics.funnels import funnel_limits

NAN = float("nan")


def rows(*each):
    """Return rows of (name, n, share like for like, direction)."""
    frame = pd.DataFrame(each, columns=["name", "n", "adjusted", "direction"])
    return frame.assign(
        whole=0.25, worth=frame["n"], label=np.where(frame["direction"] == "none", "may_be_chance", "holds")
    )


def drawn(frame, better="higher", language="en"):
    formats = Formats(language, "USD")
    plate = Plate("funnel_win_rate", "A title", "Like for like", "Rep", formats, Limits())
    found = funnel(frame, plate, better=better, counted="Deals")
    json.dumps(found.spec, allow_nan=False)
    return found, [one for one in found.spec["data"] if "markers" in one["mode"]]


def lines(found):
    return [one for one in found.spec["data"] if one["mode"] == "lines"]


MANY = rows(("Ann", 300, 0.45, "above"), ("Bob", 300, 0.26, "none"), ("Cid", 60, 0.08, "below"))


def test_lines_are_the_limits_of_equal_reps():
    found, _ = drawn(MANY)
    low95, high95, low998, high998, mean = lines(found)
    for low, high, level in ((low95, high95, 0.95), (low998, high998, 0.998)):
        told = funnel_limits(0.25, low["x"], level)
        assert low["y"] == pytest.approx(told[0]) and high["y"] == pytest.approx(told[1])
    assert low95["line"]["dash"] != low998["line"]["dash"]
    assert mean["y"] == [0.25, 0.25] and "25" in mean["name"]
    # Each pair of lines stands once in the legend.
    assert [one["showlegend"] for one in lines(found)] == [True, False, True, False, True]
    assert min(low95["x"]) >= 10 and max(low95["x"]) > 300


def test_only_who_differs_by_more_than_chance_is_named_and_filled():
    _, points = drawn(MANY)
    above, below, none = points
    assert (above["text"], below["text"], none["text"]) == (["Ann"], ["Cid"], [])
    assert (above["x"], above["y"]) == ([300.0], [0.45]) and none["y"] == [0.26]
    assert none["marker"]["symbol"] == "circle-open"
    # Not by colour alone: the forms differ too.
    assert len({one["marker"]["symbol"] for one in points}) == 3


def test_more_of_what_is_bad_is_not_marked_as_good():
    higher, lower = (drawn(MANY, better)[1][0]["marker"]["color"] for better in ("higher", "lower"))
    assert higher != lower
    # The form still says on which side.
    assert drawn(MANY, "lower")[1][0]["marker"]["symbol"] == "triangle-up"


def test_few_cases_and_unknown_figures_are_not_drawn():
    few = rows(("Ann", 300, 0.3, "none"), ("Eva", 9, 0.9, "none"), ("Hal", 200, NAN, "none"))
    found, points = drawn(few)
    assert sum(len(one["x"]) for one in points) == 1
    top = found.spec["layout"]["yaxis"]["range"][1]
    assert 0.3 < top < 0.9


@pytest.mark.parametrize("whole", [0.0, 1.0])
def test_none_or_all_won_has_no_funnel(whole):
    found, points = drawn(rows(("Ann", 50, whole, "none"), ("Bob", 40, whole, "none")).assign(whole=whole))
    assert len(lines(found)) == 1 and sum(len(one["x"]) for one in points) == 2


def test_everything_drawn_lies_in_the_picture():
    found, points = drawn(rows(("Ann", 12, 1.0, "none"), ("Bob", 4000, 0.0, "none")))
    shape = found.spec["layout"]
    for one in points:
        assert all(0 <= x <= shape["xaxis"]["range"][1] for x in one["x"])
        assert all(0 <= y <= shape["yaxis"]["range"][1] for y in one["y"])
    assert all(max(one["y"]) <= shape["yaxis"]["range"][1] for one in lines(found) if one["y"])


def test_names_are_escaped_and_the_text_tells_the_picture():
    found, _ = drawn(rows(("<b>Ann</b>", 300, 0.45, "above"), ("Bob", 40, 0.2, "none")))
    assert "<b>Ann" not in json.dumps(found.spec)
    assert "Ann" in found.alt and "45%" in found.alt and "Bob" in found.alt


def test_the_picture_speaks_russian():
    found, points = drawn(MANY, language="ru")
    said = " ".join(one["name"] for one in found.spec["data"] if one["showlegend"])
    assert "равных" in said or "одинаковых" in said
    assert not any(word in said for word in ("chance", "equal", "Usual")) and len(points) == 3
