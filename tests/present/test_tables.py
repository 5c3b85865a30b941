"""A table is the same finished text everywhere."""

from __future__ import annotations

import json
from datetime import date

import pandas as pd
import pytest
from lxml import html

from crmkit.present.cells import HEAT
from crmkit.present.gates import Cases
from crmkit.present.markup import CARD, style
from crmkit.present.tables import TABLE_MIME, Column, Table

COLUMNS = (
    Column("manager", "Rep"),
    Column("revenue", "Revenue", "money", "higher"),
    Column("wr", "Win rate", "share", "higher"),
    Column("last", "Last deal", "date"),
)


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "manager": pd.Categorical(["Ann", "Bob", None, "Department"]),
            "revenue": [1234567.5, 2000.0, float("nan"), 1236567.5],
            "wr": [0.63, 0.5, 3 / 7, 0.6],
            "wr_numerator": [63, 10, 3, 76],
            "wr_denominator": [100, 20, 7, 127],
            "wr_n": [100, 20, 7, 127],
            "wr_low": [0.53, 0.3, 0.16, 0.51],
            "wr_high": [0.72, 0.7, 0.75, 0.68],
            "last": pd.to_datetime(["2017-01-02", "2017-02-03", None, "2017-02-03"]),
        }
    )


def table(language: str = "en", **more: object) -> Table:
    return Table.of(
        frame(), name="reps", title="Reps", columns=COLUMNS, language=language, currency="RUB", foot=1, **more
    )  # type: ignore[arg-type]


def test_it_reads_as_aligned_text() -> None:
    assert repr(table()).replace("\u00a0", " ").splitlines() == [
        "Reps",
        "",
        "Rep         Revenue, RUB     Win rate, %   Last deal",
        "----------  ------------  --------------  ----------",
        "Ann            1,234,568  63.0% (53–72%)  2 Jan 2017",
        "Bob                2,000  50.0% (30–70%)  3 Feb 2017",
        "not set                —          3 of 7           —",
        "Department     1,236,568  60.0% (51–68%)  3 Feb 2017",
        "",
        "In italics: figures of 10 to 29 cases, to be read with their interval; of fewer than 10 cases a "
        "share is told only as a count, another figure with its n.",
    ]


def test_it_reads_in_russian() -> None:
    text = repr(table("ru")).replace("\u00a0", " ")
    assert "Revenue, ₽" in text
    assert "1 234 568" in text and "63,0 % (53–72 %)" in text and "3 из 7" in text
    assert "02.01.2017" in text and "не указано" in text


def test_its_html_has_a_caption_scopes_and_marks() -> None:
    page = html.fromstring(table().fragment())
    assert page.xpath("string(.//caption)") == "Reps"
    assert page.xpath(".//thead//th/@scope") == ["col"] * 4
    assert page.xpath(".//tbody//th/@scope") == ["row"] * 3
    assert [cell.text_content() for cell in page.xpath(".//tbody/tr[2]/*")] == [
        "Bob", "2,000", "50.0%30–70%", "3\u00a0Feb\u00a02017",
    ]  # fmt: skip
    assert page.xpath("string(.//tbody/tr[2]//i)") == "50.0%"  # 20 cases: in italics
    assert not page.xpath(".//tbody/tr[1]//i")  # 100 cases
    assert page.xpath("string(.//tfoot//th)") == "Department"
    assert page.xpath(".//thead//th/@title") == ["The higher, the better."] * 2
    assert not page.xpath("//script | //@style | //@onclick | //@id")


def test_a_notebook_gets_html_text_and_json() -> None:
    bundle = table()._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain", TABLE_MIME}
    assert bundle["text/html"].startswith("<style>")
    assert '<div class="mathjax_ignore">' in bundle["text/html"]  # else «$1 to $2» becomes a formula
    assert table()._repr_mimebundle_() == bundle
    content = json.loads(json.dumps(bundle[TABLE_MIME], allow_nan=False))
    assert content["rows"][0] == ["Ann", 1234567.5, 0.63, "2017-01-02"]
    assert content["rows"][2] == [None, None, 3 / 7, None]
    assert [column["heading"] for column in content["columns"]] == [
        "Rep", "Revenue, RUB", "Win rate, %", "Last deal",
    ]  # fmt: skip
    assert Table.from_json(content) == table()


def test_building_leaves_the_frame_as_it_was() -> None:
    given = frame()
    Table.of(given, name="reps", title="Reps", columns=COLUMNS, language="en", currency="RUB")
    pd.testing.assert_frame_equal(given, frame())


def test_a_page_shows_the_first_rows_and_the_totals_and_counts_the_rest() -> None:
    many = Table.of(
        pd.DataFrame({"deal": [f"d{i}" for i in range(51)], "amount": range(51)}),
        name="deals", title="Deals", columns=[Column("deal", "Deal"), Column("amount", "Amount", "money")],
        language="en", currency="USD", shown=20, foot=1,
    )  # fmt: skip
    page = html.fromstring(many.fragment())
    assert len(page.xpath(".//tbody/tr")) == 20
    assert page.xpath("string(.//tfoot//th)") == "d50"
    assert many.remarks == ("30 more rows are in the workbook.",)  # 51 - 20 - 1
    assert len(many.to_json()["rows"]) == 51
    assert len(repr(many).splitlines()) == 1 + 1 + 2 + 21 + 1 + 1


def test_hundredths_are_shown_for_a_whole_column_of_small_amounts() -> None:
    def amounts(values: list[float]) -> list[str]:
        made = Table.of(
            pd.DataFrame({"a": values}), name="a", title="A", columns=[Column("a", "A", "money")],
            language="en", currency="USD",
        )  # fmt: skip
        return [made.shown_at(row, 0).text for row in range(len(values))]

    assert amounts([1.5, 20.0]) == ["1.50", "20.00"]
    assert amounts([1.5, 2000.0]) == ["2", "2,000"]


def test_only_web_addresses_become_links() -> None:
    addresses = [
        "https://crm.example/deal/1",
        "javascript:alert(1)",
        "//x.example",
        "https://u@x.example",
        None,
    ]
    made = Table.of(
        pd.DataFrame({"url": addresses}), name="a", title="A", columns=[Column("url", "Card", "url")],
        language="en", currency="USD",
    )  # fmt: skip
    page = html.fromstring(made.fragment())
    assert page.xpath(".//a/@href") == ["https://crm.example/deal/1"]
    assert page.xpath("string(.//a)") == CARD  # where it leads, a browser shows


def test_moments_counts_and_numbers() -> None:
    made = Table.of(
        pd.DataFrame(
            {
                "at": pd.to_datetime(["2017-03-05 14:05"]).tz_localize("Europe/Moscow"),
                "n": [3.0],
                "x": [1.25],
                "on": [date(2017, 3, 5)],
            }
        ),
        name="a", title="A", language="en", currency="USD",
        columns=[Column("at", "At", "moment"), Column("n", "N", "count"), Column("x", "X", "number"),
                 Column("on", "On", "date")],
    )  # fmt: skip
    assert made.rows == (("2017-03-05T14:05:00+03:00", 3, 1.25, "2017-03-05"),)
    assert [made.shown_at(0, i).text.replace("\u00a0", " ") for i in range(4)] == [
        "5 Mar 2017 14:05", "3", "1.3", "5 Mar 2017",
    ]  # fmt: skip


def test_a_figure_that_is_not_a_share_is_gated_where_asked() -> None:
    given = pd.DataFrame({"m": [10.0], "m_n": [4]})
    for asked, cases in ((True, {"m": (Cases(n=4.0),)}), (False, {})):
        made = Table.of(
            given, name="a", title="A", columns=[Column("m", "M", "days", gated=asked)], language="en",
            currency="USD",
        )  # fmt: skip
        assert made.cases == cases


def test_an_empty_table_keeps_its_headings() -> None:
    made = Table.of(frame().head(0), name="a", title="A", columns=COLUMNS, language="en", currency="RUB")
    assert made.rows == ()
    assert "Revenue, RUB" in repr(made)
    assert Table.from_json(made.to_json()) == made


def test_mistakes_in_code_are_errors() -> None:
    with pytest.raises(KeyError):
        Table.of(frame(), name="a", title="A", columns=[Column("no", "No")], language="en", currency="RUB")
    with pytest.raises(ValueError, match="kind"):
        Column("a", "A", "currency")


def mixed() -> Table:
    """Return figures of several kinds in one column, in two parts, with a heat map."""
    given = pd.DataFrame(
        {
            "group": ["Sales", "Sales", "Work", "Work"],
            "name": ["Revenue", "Win rate", "Talk time", "Calls"],
            "now": pd.Series([1500.0, 3 / 7, 12.5, "not in this export"], dtype="object"),
            "now_n": [None, 7, 40, None],
            "now_numerator": [None, 3, None, None],
            "now_denominator": [None, 7, None, None],
        }
    )
    columns = [Column("group", "Group"), Column("name", "Figure"), Column("now", "Now", "mixed", gated=True)]
    return Table.of(
        given, name="a", title="A", columns=columns, language="en", currency="USD", parted="group",
        kinds=["money", "share", "minutes", "count"], heat={"now": (6, 0, 1, 0)},
    )  # fmt: skip


def test_figures_of_several_kinds_stand_in_one_column_with_their_units() -> None:
    made = mixed()
    assert [made.shown_at(row, 2).text.replace("\u00a0", " ") for row in range(4)] == [
        "$1,500", "3 of 7", "12.5 minutes", "not in this export",
    ]  # fmt: skip
    assert Table.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_parts_of_a_table_have_headings_and_its_heat_has_shades() -> None:
    page = html.fromstring(mixed().fragment())
    assert [cell.text_content() for cell in page.xpath(".//thead//th")] == ["Figure", "Now"]
    assert page.xpath(".//tr[@class='ck-part']/th/text()") == ["Sales", "Work"]
    assert page.xpath(".//tr[@class='ck-part']/th/@colspan") == ["2", "2"]
    shades = [cell.get("class").split()[1:] for cell in page.xpath(".//tbody/tr/td")]
    assert shades == [["ck-h", "ck-h6"], [], ["ck-h", "ck-h1"], []]
    assert "[Sales]\nRevenue" in repr(mixed())


def test_the_shades_of_the_pages_are_those_of_the_workbook() -> None:
    for number, colour in enumerate(HEAT, 1):
        assert f".ck-h{number} {{ background: {colour};" in style()


def folding(folded: tuple[int, ...]) -> Table:
    frame = pd.DataFrame({"step": ["a", "a", "b", "b"], "what": ["w", "x", "y", "z"], "said": list("1234")})
    return Table.of(
        frame, name="steps", title="Steps", language="ru", currency="RUB", parted="step", folded=folded,
        columns=[Column("step", "Step"), Column("what", "What"), Column("said", "Said")],
    )  # fmt: skip


def test_rows_folded_on_a_page_are_marked_and_counted_and_open_without_a_script() -> None:
    made = folding((1, 2, 3))
    page = html.fromstring(made.fragment())
    rest = [row.text_content() for row in page.xpath(".//tr[contains(@class, 'ck-rest')]")]
    assert rest == ["x2", "b", "y3", "z4"]  # the heading of a part goes with the last of its rows
    assert page.xpath("string(.//details/summary)") == "Показать ещё 3 строки"
    assert page.xpath(".//details[not(@open)]/following-sibling::div[1]/@class") == ["ck-scroll"]
    assert Table.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_a_table_folded_whole_hides_its_headings_and_does_not_speak_of_more_rows() -> None:
    page = html.fromstring(folding((0, 1, 2, 3)).fragment())
    assert page.xpath("string(.//details/summary)") == "Показать 4 строки"
    assert page.xpath(".//thead/tr/@class") == ["ck-rest"]
    assert not html.fromstring(folding((1, 2, 3)).fragment()).xpath(".//thead/tr/@class")


def test_columns_of_short_texts_are_given_little_room() -> None:
    frame = pd.DataFrame({"id": ["1", "12345"], "name": ["Ann", "A name of more letters"], "n": [1, 2]})
    columns = [Column("id", "No."), Column("name", "Name"), Column("n", "Rows", "count")]
    made = Table.of(frame, name="t", title="T", language="en", currency="RUB", columns=columns)
    assert made.short == {"id"}
    page = html.fromstring(made.fragment())
    assert page.xpath("//th[@scope='row']/@class") == ["ck-left ck-short"] * 2


def test_a_part_keeps_its_heading_while_one_of_its_rows_is_shown() -> None:
    page = html.fromstring(folding((0, 2)).fragment())
    assert [row.text_content() for row in page.xpath(".//tr[contains(@class, 'ck-rest')]")] == ["w1", "y3"]
    assert not html.fromstring(folding(()).fragment()).xpath(".//details")


def test_a_table_of_seven_columns_is_set_narrow_so_that_it_fits_the_page() -> None:
    def narrow(count: int) -> bool:
        names = [f"c{number}" for number in range(count)]
        made = Table.of(
            pd.DataFrame({name: ["x"] for name in names}), name="t", title="T", language="en",
            currency="USD", columns=[Column(name, name) for name in names],
        )  # fmt: skip
        return "ck-many" in made.fragment()

    assert [narrow(count) for count in (6, 7)] == [False, True]
