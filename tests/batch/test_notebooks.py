from __future__ import annotations

import json
from pathlib import Path

import pytest

from crmkit.batch import notebooks
from crmkit.batch.notebooks import (
    checked_parameters,
    find_notebooks,
    parameter_cell,
    translated,
    write_notebooks,
)
from crmkit.errors import ReportError, RequestError

LINES = [f'{name}: str = ""' for name in notebooks.PARAMETERS]


class Shouting:
    """A language in which everything is said loudly."""

    def say(self, text: str, /) -> str:
        return text.upper()


def book(parameters: str, **cell: object) -> dict[str, object]:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# what {x}\n", "is it"]},
        {
            "cell_type": "code",
            "metadata": {"tags": ["parameters"]},
            "source": parameters,
            "outputs": [],
            **cell,
        },
        {"cell_type": "code", "metadata": {}, "source": "# stays\nread(client)", "outputs": []},
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def test_markdown_is_translated_whole_and_code_is_not() -> None:
    before = book("\n".join(LINES))
    after = translated(before, Shouting())
    assert [cell["source"] for cell in after["cells"]] == [
        "# WHAT {X}\nIS IT",
        "\n".join(LINES),
        "# stays\nread(client)",
    ]
    assert before["cells"][0]["source"] == ["# what {x}\n", "is it"]


def test_the_parameters_cell_sets_exactly_the_five_each_to_a_text() -> None:
    good = book("\n".join(["# where the client is", *LINES]))
    assert parameter_cell(good, "n") is good["cells"][1]


@pytest.mark.parametrize(
    "lines",
    [
        LINES[:4],
        [*LINES, 'token = ""'],
        [*LINES[:4], 'options: str | None = ""'],
        [*LINES[:4], "options = 5"],
        [*LINES[:4], "options = None"],
        [*LINES[:4], 'options = "a" + "b"'],
        [*LINES[:4], 'options = language = ""'],
        [*LINES, 'options = ""'],
        [*LINES, "import os"],
        ["client ="],
    ],
)
def test_any_other_parameters_cell_is_refused(lines: list[str]) -> None:
    with pytest.raises(ReportError, match="needs one cell tagged"):
        parameter_cell(book("\n".join(lines)), "n")


def test_two_or_no_parameters_cells_are_refused() -> None:
    two = book("\n".join(LINES))
    two["cells"].append(two["cells"][1])
    none = book("\n".join(LINES), metadata={"tags": []})
    for wrong in (two, none):
        with pytest.raises(ReportError):
            parameter_cell(wrong, "n")


def test_only_known_names_and_texts_become_parameters() -> None:
    assert checked_parameters({"client": "a'; import os"}) == {
        "client": "a'; import os", "as_of": "", "language": "", "period": "", "options": "",
    }  # fmt: skip
    with pytest.raises(ValueError, match="import os"):
        checked_parameters({"x=1\nimport os;os.system('')\ny": "1"})
    with pytest.raises(ValueError, match="token"):
        checked_parameters({"token": "1"})
    with pytest.raises(TypeError, match="period is a text, not int"):
        checked_parameters({"period": 2017})


def test_notebooks_are_found_by_name_or_number_in_the_kits_order(kit_notebooks: Path) -> None:
    for name in ("06_kpi_report", "01_data_intake", "draft"):
        (kit_notebooks / f"{name}.ipynb").touch()
    assert list(find_notebooks(None)) == ["01_data_intake", "06_kpi_report"]
    assert list(find_notebooks(["06", "01_data_intake.ipynb"])) == ["01_data_intake", "06_kpi_report"]
    with pytest.raises(RequestError, match="06_kpi_report"):
        find_notebooks(["06_kpi_raport"])
    with pytest.raises(RequestError, match="Possible: 01_data_intake, 06_kpi_report"):
        find_notebooks(["../../x"])


def test_copies_to_work_in_are_renewed_but_edited_ones_are_kept(
    kit_notebooks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebooks, "speaker", lambda language: Shouting())
    for name in ("01_a", "06_b"):
        (kit_notebooks / f"{name}.ipynb").write_text(json.dumps(book("\n".join(LINES))), encoding="utf-8")
    to = tmp_path / "copies"
    first = write_notebooks("ru", to)
    assert [path.name for path in first.paths] == ["01_a.ipynb", "06_b.ipynb"] and not first.kept
    written = json.loads((to / "01_a.ipynb").read_text(encoding="utf-8"))
    assert written["cells"][0]["source"] == "# WHAT {X}\nIS IT"
    assert 'language: str = "ru"\nperiod: str = ""' in written["cells"][1]["source"]

    (to / "01_a.ipynb").write_text("edited", encoding="utf-8")
    changed = book("\n".join(LINES))
    changed["cells"][0]["source"] = "new"
    (kit_notebooks / "06_b.ipynb").write_text(json.dumps(changed), encoding="utf-8")
    for _ in range(2):
        second = write_notebooks("ru", to)
        assert [path.name for path in second.kept] == ["01_a.ipynb"]
        assert (to / "01_a.ipynb").read_text(encoding="utf-8") == "edited"
        assert '"NEW"' in (to / "06_b.ipynb").read_text(encoding="utf-8")


def test_a_file_that_was_there_before_is_not_overwritten(
    kit_notebooks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebooks, "speaker", lambda language: Shouting())
    (kit_notebooks / "01_a.ipynb").write_text(json.dumps(book("\n".join(LINES))), encoding="utf-8")
    (tmp_path / "01_a.ipynb").write_text("mine", encoding="utf-8")
    assert not write_notebooks("en", tmp_path).paths
    assert (tmp_path / "01_a.ipynb").read_text(encoding="utf-8") == "mine"
