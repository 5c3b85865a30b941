"""A map of shares: what its cells say and which of them have a colour."""

from __future__ import annotations

from crmkit.limits import Limits
from crmkit.present.figures import Plate
from crmkit.present.formats import Formats
from crmkit.present.heatmap import share_map
from crmkit.present.tables import Table


def test_few_cases_are_counts_without_a_colour():
    plate = Plate("filling", "How full", "Filled", "Field", Formats("en", "USD"), Limits(few_cases=10))
    table = Table("filling", "How full", (), ())
    chart = share_map(
        plate, (["Source", "<b>Own"], ["Jan", "Feb"]), [[(5, 10), (3, 9)], [(0, 0), (12, 12)]], table
    )
    cells = chart.spec["data"][0]
    # A band for the name above each row of cells.
    assert cells["z"] == [[None, None], [0.5, None], [None, None], [None, 1.0]]
    assert cells["text"] == [["", ""], ["50", "3/9"], ["", ""], ["·", "100"]]
    assert len(cells["y"]) == len(cells["z"]) + 1
    assert cells["hovertext"][1][1] == "Source<br>Feb: 3 / 9"
    assert [one["text"] for one in chart.spec["layout"]["annotations"]] == ["Source", "&lt;b&gt;Own"]
    # 8 of 19 and 12 of 12, over all months
    assert chart.alt == "Chart: How full. Source: 42%; <b>Own: 100%"
    assert chart.table is table
