from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from papermill.translators import PythonTranslator

from crmkit.batch.executed import FINDINGS, cleaned, findings_of, last_started, notebook_bytes, trouble


def cell(source: str, count: int | None, *outputs: dict[str, Any], **papermill: object) -> dict[str, Any]:
    metadata = {"papermill": papermill, "execution": {"iopub.status.busy": "2026-01-01"}, "tags": []}
    what = {"cell_type": "code", "id": "random", "metadata": metadata, "source": source}
    return {**what, "execution_count": count, "outputs": list(outputs)}


def data(**values: object) -> dict[str, Any]:
    return {"output_type": "display_data", "data": values, "metadata": {}}


def book(*cells: dict[str, Any]) -> dict[str, Any]:
    return {
        "cells": list(cells),
        "metadata": {"papermill": {"input_path": "/x"}, "widgets": {}, "kernelspec": {}},
    }


FOUND = {"output_type": "display_data", "data": {FINDINGS: {"notebook": "n"}}, "metadata": {}}


def test_a_notebook_is_done_if_every_cell_ran_and_the_last_one_recorded_findings() -> None:
    done = book(cell("a", 1), cell("  \n", None), cell("b", 2, FOUND))
    assert trouble(done) is None
    assert findings_of(done) == {"notebook": "n"}


def test_papermills_word_completed_is_no_evidence() -> None:
    reason = trouble(book(cell("a", 1, status="completed"), cell("b", None, status="completed")))
    assert str(reason) == "The notebook stopped before its end: code cell 2 was never run."


def test_findings_count_only_in_the_last_cell() -> None:
    reason = trouble(book(cell("a", 1, FOUND), cell("b", 2)))
    assert str(reason) == "The notebook ran to its end without recording its findings."
    assert trouble(book(cell("b", 1, data(**{FINDINGS: "text"})))) is not None
    assert trouble(book()) is not None


def test_an_error_says_where_and_a_refusal_of_the_kit_says_only_itself() -> None:
    def failing(name: str, text: str) -> dict[str, Any]:
        error = {"output_type": "error", "ename": name, "evalue": text, "traceback": []}
        return book(cell("a", 1), cell("b", 2, error))

    assert str(trouble(failing("ZeroDivisionError", "division by zero"))) == (
        "Code cell 2 stopped with an error: ZeroDivisionError: division by zero"
    )
    assert str(trouble(failing("SystemExit", "0"))) == "Code cell 2 ended the notebook (sys.exit)."
    assert str(trouble(failing("SourceError", "deals.csv: {odd}"))) == "deals.csv: {odd}"


def test_a_kernel_died_in_the_last_cell_that_was_started() -> None:
    assert (
        last_started(book(cell("a", 1, start_time="t"), cell("b", None, start_time="t"), cell("c", None)))
        == 2
    )


def test_what_is_sent_out_has_no_places_times_or_random_ids() -> None:
    place = Path("/home/ann/clients/acme")
    outputs = [
        {
            "output_type": "stream",
            "name": "stderr",
            "text": [f"{place}/deals.csv:1\n", "/home/anna /home/ann\n"],
        },
        data(**{"application/vnd.jupyter.widget-view+json": {"model_id": "3f"}}),
    ]
    dirty = book(cell(f'client = "{place}"', 1, *outputs, start_time="now"))
    clean = cleaned(dirty, {place: "acme", Path("/home/ann"): "~", Path("/"): "root"})
    # the longest place wins, a longer name (anna) is another place, the root is not looked for
    assert clean["cells"] == [
        {
            "cell_type": "code",
            "id": "cell-1",
            "execution_count": 1,
            "metadata": {"tags": []},
            "outputs": [
                {"output_type": "stream", "name": "stderr", "text": ["acme/deals.csv:1\n", "/home/anna ~\n"]}
            ],
            "source": 'client = "acme"',
        }
    ]
    assert clean["metadata"] == {"kernelspec": {}, "language_info": {"name": "python"}}
    assert "start_time" in dirty["cells"][0]["metadata"]["papermill"]  # the input is left as it was
    assert cleaned(dirty, {})["cells"][0]["source"] == dirty["cells"][0]["source"]


@pytest.mark.parametrize("folder", ["клиенты", "caf\xe9 \U0001f600", 'a"b\\c'])
def test_a_place_is_found_as_papermill_and_json_write_it(folder: str) -> None:
    place = Path("/home") / folder / "acme"
    parameter = PythonTranslator.assign("client", PythonTranslator.translate(str(place)))
    dirty = book(
        cell(parameter, 1), cell(json.dumps([str(place)]), 1), cell(json.dumps({"x": str(place)}), 1)
    )
    sources = [one["source"] for one in cleaned(dirty, {place: "acme"})["cells"]]
    assert sources == ['client = "acme"', '["acme"]', '{"x": "acme"}']


def test_bytes_hold_any_text() -> None:
    assert json.loads(notebook_bytes({"cells": ["\ud800 \u2028"]})) == {"cells": ["\ud800 \u2028"]}
