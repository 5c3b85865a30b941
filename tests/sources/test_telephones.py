"""Telephones: many ways of writing give one number; what is no number gives none."""

import numpy as np
import pandas as pd
import phonenumbers
import pytest

from crmkit.sources.telephones import _numbers, normalised


def numbers(cells: list[str | None], country: str | None = "RU") -> list[str | None]:
    found = normalised(pd.Series(cells, dtype="str"), country)
    assert str(found.dtype) == "str"
    return [None if pd.isna(one) else one for one in found]


@pytest.mark.parametrize(
    "cell",
    [
        "+7 916 123-45-67", "8 (916) 123-45-67", "8-916-123-45-67", "9161234567", "79161234567",
        "89161234567",
        "'+7 916 123-45-67", " 8 916 123 45 67 ", "79161234567.0", "тел. 8(916)1234567",
        "+7 916 123-45-67 доб. 12",
        "8 916 123-45-67 ext. 5", "+7 916 123-45-67, доб. 12", "89161234567; 8 916 123 45 67",
        "+７ 916 123-45-67",
        "звонить: 8 916 123-45-67 (Анна)",
    ],
)  # fmt: skip
def test_one_number_in_many_spellings(cell: str) -> None:
    assert numbers([cell]) == ["+79161234567"]


@pytest.mark.parametrize(
    "cell",
    ["0000000000", "1234567", "112", "нет", "-", "", "7 916", "+7", "8 000 000 00 00", "=1+1", "9" * 300,
     "\x00", "123456789012345", "7.91612E+10"],
)  # fmt: skip
def test_what_is_no_number_gives_none(cell: str) -> None:
    assert numbers([cell]) == [None]


def test_several_numbers_in_a_cell_all_count_in_one_order() -> None:
    both = "+74951234567 +79161234567"
    assert numbers(["89161234567, 8 495 123-45-67", "8(495)1234567 / +7 916 1234567", None]) == [
        both,
        both,
        None,
    ]


def test_without_a_country_only_international_numbers_are_told() -> None:
    assert numbers(["+7 916 123-45-67", "8 916 123-45-67", "916 123-45-67"], None) == [
        "+79161234567",
        None,
        None,
    ]


def test_the_clients_country_decides() -> None:
    # the same ten digits: a mobile in Russia, no such area in the United States
    assert numbers(["(312) 555-1212", "+375 29 123-45-67"], "US") == ["+13125551212", "+375291234567"]
    assert numbers(["29 123-45-67"], "BY") == ["+375291234567"]


def test_load_adds_the_numbers_and_leaves_the_cell(snapshot) -> None:
    contacts = [{"contact_id": "1", "phone": "8 (916) 123-45-67"}, {"contact_id": "2", "phone": "нет"}]
    crm = snapshot([{"created_at": "2026-01-01"}], contacts=contacts, country="RU")
    told = crm.tables["contacts"]
    assert told["phone"].tolist() == ["8 (916) 123-45-67", "нет"]
    assert told["phone_e164"].tolist()[0] == "+79161234567"
    assert told["phone_e164"].isna().tolist() == [False, True]


def test_an_export_without_contacts_has_the_column_too(snapshot) -> None:
    crm = snapshot([{"created_at": "2026-01-01"}])
    assert str(crm.tables["contacts"]["phone_e164"].dtype) == "str"
    assert "contacts.phone_e164" not in crm.supplied


@pytest.mark.parametrize("country", ["RU", "KZ", "US", "DE", "UA"])
def test_numbers_read_at_once_are_those_that_the_library_reads_one_by_one(country: str) -> None:
    plan, rng = phonenumbers.PhoneMetadata.metadata_for_region(country), np.random.default_rng(5)
    code, prefix = str(plan.country_code), str(plan.national_prefix_for_parsing)
    bodies = [
        "".join(str(one) for one in rng.integers(0, 10, size)) for size in [8, 9, 10, 10, 10, 10, 11] * 60
    ]
    bodies += (
        ["9" + body[:9] for body in bodies] + ["495" + body[:7] for body in bodies] + ["9" * 10, "0" * 10]
    )
    bodies += ["7701" + body[:7] for body in bodies[:50]] + ["212" + body[:7] for body in bodies[:50]]
    cells = [
        lead + body
        for lead in (f"+{code}", f"+{code} (", code, prefix, f"'{prefix} ", "", "+", "+375", "810", "00")
        for body in bodies
    ]
    cells += [f"{one[:6]}-{one[6:]}" for one in cells] + [f"{one[:10]}.0" for one in cells]
    assert numbers(cells, country) == [_numbers(one, country) for one in cells]
