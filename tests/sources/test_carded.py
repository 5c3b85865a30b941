"""Cards made out of deals: one for each person, none merged wrongly, none made twice."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from crmkit.audit import examine
from tests.sources.conftest import rows

SETTINGS = "crm: amocrm\ncountry: RU\nfiles:\n  - {path: deals.csv, table: deals}\n"
HEAD = (
    "ID,Название сделки,Этап сделки,Ответственный,Дата создания,Компания,Основной контакт,Компания контакта,"
    "Рабочий телефон (контакт),Мобильный телефон (контакт),Рабочий email (контакт),Должность (контакт)"
)
Make = Callable[..., SimpleNamespace]


@pytest.fixture(scope="module")
def cards(make: Make) -> Callable[..., SimpleNamespace]:
    """Return ``cards("Anna,Firm,phone,mobile,email,position", …)``: a client with a deal of each person."""

    def made(*people: str, as_of: str | None = None, head: str = HEAD) -> SimpleNamespace:
        lines = [f"{n},Deal {n},Новая,Ира,0{n}.03.2026 10:00:00,,{one}" for n, one in enumerate(people, 1)]
        return make(SETTINGS, {"deals.csv": "\n".join([head, *lines]) + "\n"}, as_of)

    return made


def test_a_second_deal_with_the_same_person_makes_no_second_card(cards: Any) -> None:
    # the second row lacks the e-mail, the third the telephone: all are one Anna
    got = cards(
        "Анна Ким,Альфа,'+7 916 123-45-67,,ann@alfa.example,Директор",
        "Анна Ким,Альфа,8 (916) 123-45-67,,,Директор",
        "Анна Ким,Альфа,,,ANN@alfa.example,",
        "Олег Рой,Альфа,,+7 916 123-45-68,,",
    )
    told = rows(got.contacts, "contact_id company_id name position email phone_e164")
    assert told == [
        ("Анна Ким", "Альфа", "Анна Ким", "Директор", "ANN@alfa.example, ann@alfa.example", "+79161234567"),
        ("Олег Рой", "Альфа", "Олег Рой", None, None, "+79161234568"),
    ]
    assert got.deals["contact_id"].tolist() == ["Анна Ким"] * 3 + ["Олег Рой"]
    assert got.contacts["created_at"].isna().all() and got.contacts["url"].isna().all()
    assert got.notes["cards_of_deals", "contact_id"] == (2, "")
    assert ("names_of_several", "name") not in got.notes
    assert got.crm.partial == {"contacts": "cards_of_deals"}


def test_namesakes_with_different_telephones_are_different_people(cards: Any) -> None:
    got = cards(
        "Анна,Альфа,+7 916 123-45-67,,,",
        "Анна,Бета,+7 916 123-45-68,,,",
        "Анна,,+7 916 123-45-69,,,",
        "Анна,Альфа,,,,",  # of Alfa there is one Anna only
        "Анна,Гамма,,,,",  # nobody knows this one
        "Анна,,,,,",  # may be any of them: a card without anything
        "Пётр,,,,,",
    )
    third = "Анна (+7…69)"
    assert got.deals["contact_id"].tolist() == [
        "Анна (Альфа)", "Анна (Бета)", third, "Анна (Альфа)", "Анна (Гамма)", "Анна", "Пётр",
    ]  # fmt: skip
    assert got.notes["names_of_several", "name"] == (1, "Анна (5)")


def test_a_bare_name_belongs_to_the_only_one_who_has_it(cards: Any) -> None:
    got = cards("Анна Ким,Альфа,+7 916 123-45-67,,,", "Анна Ким,,,,,", "Анна Ким,Бета,,,,")
    # Beta's Anna may be another one than Alfa's, so the one without a company may be either
    assert got.deals["contact_id"].tolist() == ["Анна Ким (Альфа)", "Анна Ким", "Анна Ким (Бета)"]
    got = cards("Анна Ким,Альфа,+7 916 123-45-67,,,", "Анна Ким,,,,,")
    assert got.deals["contact_id"].tolist() == ["Анна Ким"] * 2
    assert len(got.contacts) == 1


def test_the_order_of_rows_changes_no_card(cards: Any) -> None:
    people = (
        "Анна,Альфа,+7 916 123-45-67,,,А", "Анна,Альфа,+7 916 123-45-67,,ann@a.example,Б", "Анна,Бета,,,,",
        "Анна,,,+7 916 123-45-68,,",
    )  # fmt: skip
    there, back = cards(*people), cards(*people[::-1])
    assert set(there.contacts["contact_id"]) == set(back.contacts["contact_id"])
    assert there.deals["contact_id"].tolist() == back.deals["contact_id"].tolist()[::-1]


def test_nothing_is_made_of_names_alone(cards: Any) -> None:
    got = cards("Анна,Альфа,,,,", "Олег,Бета,,,,")
    assert len(got.contacts) == 0 and len(got.companies) == 0
    assert got.deals["contact_id"].tolist() == ["Анна", "Олег"]
    assert examine(got.crm).states.set_index("check")["state"]["H07"] == "not_applicable"


def test_only_what_the_file_has_is_supplied_and_judged(cards: Any) -> None:
    head = HEAD.replace("Должность (контакт)", "Прочее")
    got = cards("Анна,Альфа,+7 916 123-45-67,,,x", "Олег,Бета,,,,y", head=head)
    assert "contacts.position" not in got.crm.supplied
    found = examine(got.crm)
    assert found.violations.query("check == 'H07'")["id"].tolist() == ["Олег"]
    assert found.violations.query("check == 'H07'")["manager_id"].tolist() == ["Ира"]  # of the latest deal


def test_a_list_of_contacts_counts_and_not_the_deals(make: Make) -> None:
    settings = SETTINGS + "  - {path: people.csv, table: contacts, columns: {Номер: contact_id, Имя: name}}\n"
    deal = "1,Deal,Новая,Ира,01.03.2026 10:00:00,,Анна,Альфа,+7 916 123-45-67,,,"
    got = make(settings, {"deals.csv": f"{HEAD}\n{deal}\n", "people.csv": "Номер,Имя\n7,Анна\n"})
    assert got.contacts["contact_id"].tolist() == ["7"] and got.contacts["phone"].isna().all()
    assert got.deals["contact_id"].tolist() == ["7"]
    assert "@contacts.phone" not in got.deals


def test_a_list_of_companies_goes_with_contacts_of_deals(make: Make) -> None:
    settings = SETTINGS + "  - {path: firms.csv, table: companies, columns: {Номер: company_id, Имя: name}}\n"
    lines = [
        "1,Deal,Новая,Ира,01.03.2026 10:00:00,Альфа,Анна,Альфа,+7 916 123-45-67,,,",
        "2,Deal,Новая,Ира,01.03.2026 10:00:00,Бета,Олег,Гамма,+7 916 123-45-68,,,",
    ]
    deals = "\n".join([HEAD, *lines]) + "\n"
    got = make(settings, {"deals.csv": deals, "firms.csv": "Номер,Имя\n7,Альфа\n8,Дельта\n"})
    assert got.deals["company_id"].tolist() == ["7", "Бета"]
    # the second deal's company is not Oleg's own
    assert rows(got.contacts, "contact_id company_id") == [("Анна", "7"), ("Олег", "Гамма")]
    assert got.notes["unmatched_company", "company_id"] == (1, "Бета (1)")


def test_cards_of_later_deals_are_not_seen_earlier(cards: Any) -> None:
    people = ("Анна,Альфа,+7 916 123-45-67,,,", "Олег,Бета,+7 916 123-45-68,,,")
    assert cards(*people, as_of="2026-03-01").contacts["contact_id"].tolist() == ["Анна"]


def test_companies_come_out_of_deals_that_tell_more_than_the_name(make: Make) -> None:
    head = (
        "ID,Название сделки,Этап сделки,Ответственный,Дата создания,Компания,ИНН (компания),Город (компания)"
    )
    lines = [
        "1,D,Новая,Ира,01.03.2026 10:00:00,Альфа,7707083893,Тула",
        "2,D,Новая,Ира,02.03.2026 10:00:00,Альфа,7707083893,",
        "3,D,Новая,Ира,03.03.2026 10:00:00,Бета,7707083893,Тула",
        "4,D,Новая,Ира,04.03.2026 10:00:00,Гамма,,",
    ]
    got = make(SETTINGS, {"deals.csv": "\n".join([head, *lines]) + "\n"})
    assert rows(got.companies, "company_id tax_id city") == [
        ("Альфа", "7707083893", "Тула"), ("Бета", "7707083893", "Тула"), ("Гамма", None, None),
    ]  # fmt: skip
    found = examine(got.crm).violations
    assert found.query("check == 'H20'")["id"].tolist() == ["Альфа", "Бета"]
    assert found.query("check == 'H06'")["id"].tolist() == ["Гамма"]
