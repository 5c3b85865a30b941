"""Identifiers that a spreadsheet damaged, and look-alikes that nobody damaged."""

from __future__ import annotations

import pytest

from tests.intake.conftest import daily, found


def with_ids(ids: list[str]) -> list[dict[str, str]]:
    return [deal | {"deal_id": one} for deal, one in zip(daily(len(ids)), ids, strict=True)]


def test_scientific_notation_is_seen_in_any_field(examine):
    deals = daily(5)
    deals[0]["Order"] = "1.23457E+18"
    deals[1]["Order"] = "1,2E+5"
    deals[2]["Order"] = "E+1 class"  # a name
    assert found(examine(deals), "scientific_numbers") == [
        ("distorts", "deals.Order", 2, 3, "1.23457E+18 · 1,2E+5")
    ]


def test_numbers_rounded_to_fifteen_digits(examine):
    # 17 digits: the last two are zeros by chance once in 100; here in 4 of 5.
    ids = [
        "12345678901234500",
        "12345678901235700",
        "12345678901239900",
        "12345678901231100",
        "12345678901231187",
    ]
    assert found(examine(with_ids(ids)), "damaged_numbers") == [
        ("distorts", "deals.deal_id", 4, 5, " · ".join(sorted(ids[:4])))
    ]


def test_long_numbers_that_nobody_rounded_are_innocent(examine):
    # 16 digits: one in ten ends in zero by itself; 3 of 30 here.
    ids = [str(1234567890123451 + 11 * n) for n in range(30)]
    assert sum(one.endswith("0") for one in ids) == 3
    assert examine(with_ids(ids)).verdict() == {"blocks": 0, "distorts": 0, "cosmetic": 0}


def test_numbers_given_out_in_thousands_are_innocent(examine):
    # 19 digits: four zeros at the end in every tenth of them, far more than by chance, but not in most.
    ids = [str(1234567890123000000 + 1000 * n) for n in range(30)]
    assert found(examine(with_ids(ids)), "damaged_numbers") == []


def test_records_that_share_a_rounded_identifier_are_lost(examine):
    # Multiples of 256 between 2**60 and 2**61: what is left of 19 digits read as floating-point numbers.
    floats = [str((1 << 60) + 256 * n) for n in (1, 2, 3, 4)]
    lost = examine(with_ids([*floats, floats[0]]))
    assert found(lost, "ids_collapsed") == [("blocks", "deals.deal_id", 1, 5, floats[0])]
    # Identifiers of that kind which are all different (some systems give them out) prove nothing.
    assert examine(with_ids(floats)).verdict()["blocks"] == 0


def test_a_record_that_stands_twice_is_no_damage(examine):
    assert found(examine(with_ids(["7", "8", "7"])), "same_id") == [("cosmetic", "deals.deal_id", 1, 3, "7")]


def companies(numbers: list[str]) -> list[dict[str, str]]:
    return [{"company_id": str(n), "name": f"Firm {n}", "tax_id": one} for n, one in enumerate(numbers)]


def test_tax_numbers_without_their_zero(examine):
    whole = [f"77{n:08d}" for n in range(20)]
    short = ["512345678", "512345679", "212345670"]  # 0512345678 and so on
    quality = examine(daily(3), companies=companies([*whole, *short]))
    assert found(quality, "lost_zeros") == [("cosmetic", "companies.tax_id", 3, 23, " · ".join(short))]


@pytest.mark.parametrize(
    "numbers",
    [
        [*[f"77{n:08d}" for n in range(20)], "0512345678", "512345679", "512345670", "512345671"],
        [*[f"77{n:08d}" for n in range(20)], "512345679"],  # one slip
        [*[f"7912{n:07d}" for n in range(20)], *[f"912{n:07d}" for n in range(4)]],  # telephones
    ],
    ids=["zeros are kept", "one slip", "telephones with and without 7"],
)
def test_numbers_of_two_lengths_are_innocent(examine, numbers):
    assert found(examine(daily(3), companies=companies(numbers)), "lost_zeros") == []
