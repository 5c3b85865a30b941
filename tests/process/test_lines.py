"""Items of a list as lines of a cell, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.process.description import CrmStage, Result
from crmkit.process.lines import (
    UnknownKindError,
    crm_stage_line,
    field_line,
    read_crm_stage,
    read_field,
    read_result,
    result_line,
)

WORDS = {"document": "документ", "data": "данные"}
KNOWN = {"document": "document", "data": "data", "документ": "document", "данные": "data"}


@pytest.mark.parametrize(
    ("line", "text", "kind", "following"),
    [
        ("Signed contract [document] → Invoice", "Signed contract", "document", "Invoice"),
        ("Signed contract[Документ]->Invoice", "Signed contract", "document", "Invoice"),
        ("Signed contract => Invoice [document]", "Signed contract", "document", "Invoice"),
        ("Card [data]", "Card", "data", ""),
        ("Refusal", "Refusal", "", ""),
        ("Contract [signed]", "Contract [signed]", "", ""),  # no kind, nor near one
        ("a → b → c", "a → b", "", "c"),
        ("→ Invoice", "→ Invoice", "", ""),
        (r"Send \[document]", "Send [document]", "", ""),
        (r"New \→ old [data]", "New → old", "data", ""),
        (r"C:\offers\new", r"C:\offers\new", "", ""),
    ],
)
def test_a_line_is_read_as_people_write_it(line, text, kind, following):
    assert read_result(line, KNOWN) == {"text": text, "kind": kind, "next_step": following}


def test_a_kind_that_is_nearly_one_is_asked_about():
    with pytest.raises(UnknownKindError) as caught:
        read_result("Contract [documnt] → Invoice", KNOWN)
    assert caught.value.args == ("documnt", "document")


@pytest.mark.parametrize(
    ("line", "stage", "pipeline"),
    [
        ("Cold › Offer", "Offer", "Cold"),
        ("Cold > Offer", "Offer", "Cold"),
        ("Offer", "Offer", ""),
        ("Deals >1M", "Deals >1M", ""),
        (r"Cold \› Offer", "Cold › Offer", ""),
    ],
)
def test_a_crm_stage_may_name_its_pipeline(line, stage, pipeline):
    assert CrmStage.model_validate(read_crm_stage(line)) == CrmStage(stage=stage, pipeline=pipeline)


PIECES = st.lists(
    st.sampled_from(["\\", "[", "]", "→", "->", "=>", "›", " > ", " ", "a", "document", "documnt", ">", "-"]),
    max_size=7,
).map(lambda pieces: "".join(pieces).strip())
FILLED = PIECES.filter(bool)


@given(text=FILLED, kind=st.sampled_from(["", "document", "data"]), following=PIECES)
def test_no_text_is_taken_for_a_sign(text, kind, following):
    item = Result(text=text, kind=kind, next_step=following)
    assert Result.model_validate(read_result(result_line(item, WORDS, KNOWN), KNOWN)) == item


@given(stage=FILLED, pipeline=PIECES)
def test_no_name_of_a_stage_is_taken_for_a_pipeline(stage, pipeline):
    item = CrmStage(stage=stage, pipeline=pipeline)
    assert CrmStage.model_validate(read_crm_stage(crm_stage_line(item))) == item


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("amount", "Сумма"),  # the kit's own field stands by its word
        ("Сумма", "\\Сумма"),  # another field of the same name
        ("AMOUNT", "\\AMOUNT"),
        ("Fax", "Fax"),
        ("\\Fax", "\\\\Fax"),
        ("phone|email", "phone|email"),
    ],
)
def test_a_required_field_stands_by_its_word_and_comes_back(name, line):
    known = {"amount": "amount", "сумма": "amount"}
    assert field_line(name, {"amount": "Сумма"}, known) == line
    assert read_field(line, known) == name
