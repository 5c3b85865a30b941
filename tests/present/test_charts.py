"""Charts: what they draw, in which order, and that plotly accepts it."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from crmkit.present.axes import COLOURS, Scale, ticks, wrap
from crmkit.present.charts import group_bars, period_bars, share_dots, stage_bars
from crmkit.present.figures import FIGURE_MIME, PLOTLY_MIME, Figure, Plate
from crmkit.present.formats import Formats
from crmkit.present.texts import label

EN, RU = Formats("en", "USD"), Formats("ru", "RUB")


def rows(unit: str, **columns: list[Any]) -> pd.DataFrame:
    """Return rows as ``evaluate`` does; what is not given is missing."""
    count = len(columns["value"])
    nothing = {part: [float("nan")] * count for part in ("numerator", "denominator", "n", "low", "high")}
    return pd.DataFrame({"measure": "m", "variant": "", "unit": [unit] * count, **nothing, **columns})


def plate(formats: Formats = EN, axis: str = "Revenue") -> Plate:
    return Plate("revenue_by_rep", "Two reps bring it all", axis, "Rep", formats)


def accepted(figure: Figure) -> Figure:
    """Return the figure if plotly's own schema knows every part of it, and JSON can hold it."""
    go.Figure(data=figure.spec["data"], layout=figure.spec["layout"])
    json.dumps(figure.spec, allow_nan=False)
    return figure


REVENUE = rows("money", manager=["Ann", None, "Cid"], value=[1000.0, 250_000.0, 1_500_000.0], n=[1, 5, 9])
SHARES = rows(
    "share", manager=["bob", "Ann", "Cid"], value=[0.6, 0.5, 3 / 7], numerator=[60, 10, 3],
    denominator=[100, 20, 7], n=[100, 20, 7], low=[0.5, 0.3, 0.16], high=[0.69, 0.7, 0.75],
)  # fmt: skip


def names(figure: Figure) -> list[str]:
    return [one["text"] for one in figure.spec["layout"]["annotations"]]


def test_bars_stand_largest_first_with_the_unnamed_group() -> None:
    figure = accepted(group_bars(REVENUE, "manager", plate(), meaning="won"))
    bars, texts = figure.spec["data"]
    assert names(figure) == ["Cid", "not set", "Ann"]
    assert bars["x"] == [1_500_000.0, 250_000.0, 1000.0]
    assert bars["marker"]["color"] == COLOURS["won"]
    assert bars["error_x"]["visible"] is False
    assert texts["text"] == [" 1.50", " 0.25", " 0.00"]
    assert figure.spec["layout"]["xaxis"]["title"]["text"] == "Revenue, million &#36;"
    assert bars["hovertext"][1] == "not set<br>Revenue: &#36;250,000<br>n = 5"


def test_bars_by_name_or_as_given_and_no_more_than_shown() -> None:
    assert names(group_bars(REVENUE, "manager", plate(), order="given")) == ["Ann", "not set", "Cid"]
    cut = group_bars(REVENUE, "manager", plate(), shown=1)
    assert names(cut) == ["Cid"]
    assert cut.table is not None and len(cut.table.rows) == 3


def test_whiskers_reach_from_low_to_high() -> None:
    figure = accepted(group_bars(SHARES, "manager", plate(axis="Win rate"), order="given"))
    error = figure.spec["data"][0]["error_x"]
    assert [round(up, 9) for up in error["array"]] == [0.09, 0.2, round(0.75 - 3 / 7, 9)]
    assert [round(down, 9) for down in error["arrayminus"]] == [0.1, 0.2, round(3 / 7 - 0.16, 9)]


def test_dots_are_filled_hollow_or_only_counted() -> None:
    figure = accepted(share_dots(SHARES, "manager", plate(axis="Win rate"), reference=("department", 0.55)))
    enough, some, texts = figure.spec["data"]
    assert [name.split("  ")[0] for name in names(figure)] == ["Ann", "bob", "Cid", "department: 55.0%"]
    assert (enough["x"], enough["y"], enough["marker"]["symbol"]) == ([0.6], [1], "circle")
    assert (some["x"], some["y"], some["marker"]["symbol"]) == ([0.5], [0], "circle-open")
    assert [text.strip().replace("\u00a0", " ") for text in texts["text"]] == ["50%", "60%", "3 of 7"]
    assert texts["x"] == [0.7, 0.69, 0.0]
    assert figure.spec["layout"]["shapes"][0]["x0"] == 0.55
    assert figure.table is not None
    assert [column.heading for column in figure.table.columns] == ["Rep", "Win rate, %", "n"]
    assert figure.table.shown_at(2, 1).text.replace("\u00a0", " ") == "3 of 7"


def test_stages_stand_in_the_pipelines_order_with_money_beside() -> None:
    counts = rows("count", stage=pd.Categorical(["Invoice", "New", None]), value=[3, 5, 1])
    money = rows("money", stage=["New", "Invoice"], value=[0.0, 900.0])
    figure = accepted(
        stage_bars(
            counts, plate(axis="Open deals"), money=money, money_axis="Amount", order=["New", "Invoice"]
        )
    )
    data = figure.spec["data"]
    assert names(figure) == ["New", "Invoice", "not set"]
    assert data[0]["x"] == [5, 3, 1]
    assert data[2]["x"] == [0.0, 900.0, None]
    assert data[2]["xaxis"] == "x2"
    assert figure.spec["layout"]["xaxis2"]["title"]["text"] == "Amount, &#36;"
    assert figure.table is not None
    assert figure.table.rows == (("New", 5, 0.0), ("Invoice", 3, 900.0), (None, 1, None))
    assert len(accepted(stage_bars(counts, plate(axis="Open deals"))).spec["data"]) == 2


def months(count: int) -> dict[str, list[Any]]:
    starts = pd.date_range("2016-12-01", periods=count + 1, freq="MS", tz="Europe/Moscow").tolist()
    return {"period_start": starts[:-1], "period_end": starts[1:]}


def test_months_have_the_plan_and_the_unfinished_one_is_hatched() -> None:
    span = months(3)
    facts = rows("money", value=[2e6, 1e6, 3e6], **span).iloc[[1, 0, 2]]
    plan = rows("money", value=[1.5e6, 1.5e6], period_start=span["period_start"][:2])
    figure = accepted(
        period_bars(
            facts, plate(RU, "Выручка"), plan=plan, as_of=pd.Timestamp("2017-02-20", tz="Europe/Moscow")
        )
    )
    whole, young, marks, texts = figure.spec["data"]
    assert (whole["x"], whole["y"]) == ([0, 1], [2e6, 1e6])
    assert (young["x"], young["marker"]["pattern"]["shape"]) == ([2], "/")
    assert marks["y"] == [1.5e6, 1.5e6, None]
    assert texts["text"] == ["2,00", "1,00", "3,00"]
    layout = figure.spec["layout"]
    assert layout["xaxis"]["ticktext"] == ["дек.<br>2016", "янв.<br>2017", "февр."]
    assert layout["yaxis"]["title"]["text"] == "Выручка, млн ₽"
    assert layout["separators"] == ",\u00a0"
    assert figure.table is not None
    assert figure.table.rows[1] == ("янв.\u00a02017", 1e6, 1.5e6)


def test_many_periods_keep_every_other_label() -> None:
    figure = accepted(period_bars(rows("count", value=list(range(24)), **months(24)), plate(axis="Deals")))
    labels = figure.spec["layout"]["xaxis"]["ticktext"]
    assert len(labels) == 24 and sum(bool(text) for text in labels) == 12
    assert figure.spec["layout"]["showlegend"] is False


@pytest.mark.parametrize("draw", [group_bars, share_dots, stage_bars, period_bars])
def test_nothing_to_draw_is_said(draw: Any) -> None:
    unit = "share" if draw is share_dots else "count"
    empty = rows(unit, value=[1.0], manager=["a"], stage=["a"], **months(1)).head(0)
    figure = accepted(
        draw(empty, plate()) if draw in (stage_bars, period_bars) else draw(empty, "manager", plate())
    )
    assert names(figure) == ["There is nothing to draw."]


def test_labels_from_data_are_escaped_and_long_names_are_cut() -> None:
    hostile = '<b>x</b><a href="https://evil.example">go</a> %{x} $1 to $2'
    long = "Александрова-Константинопольская Екатерина Владимировна"
    figure = accepted(
        group_bars(rows("count", manager=[hostile, long], value=[2, 1]), "manager", plate(axis="Deals"))
    )
    assert label(hostile) in figure.spec["data"][0]["hovertext"][0]
    assert names(figure)[1].endswith("…") and len(names(figure)[1]) <= 44
    assert long in figure.spec["data"][0]["hovertext"][1]
    text = json.dumps(figure.spec, ensure_ascii=False)
    assert "<a " not in text and "<b>" not in text and "%{" not in text and "$" not in text


def test_a_figure_says_itself_in_words_and_goes_through_json() -> None:
    figure = group_bars(REVENUE, "manager", plate())
    bundle = figure._repr_mimebundle_()
    assert repr(figure) == bundle["text/plain"]
    assert repr(figure).startswith("Chart: Two reps bring it all. Cid: $1,500,000; not set: $250,000")
    again = Figure.from_json(
        json.loads(json.dumps(bundle[PLOTLY_MIME])), json.loads(json.dumps(bundle[FIGURE_MIME]))
    )
    assert again == figure
    assert group_bars(REVENUE, "manager", plate())._repr_mimebundle_() == bundle


def test_the_tool_bar_only_saves_a_picture() -> None:
    config = group_bars(REVENUE, "manager", plate()).spec["config"]
    assert config["displaylogo"] is False and config["modeBarButtons"] == [["toImage"]]


@pytest.mark.parametrize(
    ("top", "kind", "said"),
    [
        (1_500_000, "money", ["0", "0.5", "1.0", "1.5"]),
        (820, "count", ["0", "200", "400", "600", "800", "1,000"]),
        (3, "count", ["0", "1", "2", "3"]),
        (0.84, "share", ["0", "20", "40", "60", "80", "100"]),
        (0, "count", ["0"]),
        (57.2, "days", ["0", "20", "40", "60"]),
    ],
)
def test_ticks_are_round(top: float, kind: str, said: list[str]) -> None:
    assert ticks(top, Scale.of(top, kind, EN))[1] == said


def test_labels_wrap_and_cut() -> None:
    assert wrap("one two three four", 9, 2) == "one two<br>three fo…"
    assert wrap("<b>", 9, 1) == "&lt;b&gt;"
    assert wrap("", 9, 1) == ""


def test_two_units_in_one_chart_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="one unit"):
        group_bars(pd.concat([REVENUE, SHARES]), "manager", plate())
