"""H20: probable duplicates of contacts and companies; look-alikes that are none."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from random import Random
from typing import Any

import pandas as pd
import pytest
from rapidfuzz.fuzz import ratio

from crmkit.audit import Audit, examine, find_check
from crmkit.audit.likeness import alike, families, firm, same_person, town
from crmkit.schema import Snapshot

DEALS = [{"created_at": "2026-01-01", "status": "open"}]
Rows = list[dict[str, Any]]


@pytest.fixture
def audit(snapshot: Callable[..., Snapshot]) -> Callable[..., Audit]:
    def made(contacts: Rows | None = None, companies: Rows | None = None, **more: Any) -> Audit:
        tables = {"contacts": contacts, "companies": companies}
        given = {table: rows for table, rows in tables.items() if rows}
        return examine(snapshot(DEALS, country="RU", **given, **more), checks=[find_check("H20")])

    return made


def person(number: int, name: str, *, phone: str = "", email: str = "", firm: str = "") -> dict[str, Any]:
    row = {"contact_id": f"c{number}", "name": name, "phone": phone, "email": email, "company_id": firm}
    return row | {"created_at": f"2026-01-{number:02d}"}


def company(number: int, name: str, *, city: str = "Москва", tax: str = "") -> dict[str, Any]:
    row = {"company_id": f"f{number}", "name": name, "city": city, "tax_id": tax}
    return row | {"created_at": f"2026-02-{number:02d}"}


def groups(found: Audit) -> list[list[str]]:
    """Return the groups of cards that were found, sorted."""
    rows = found.violations
    return sorted(sorted(part["id"]) for _, part in rows.groupby("group"))


PHONE, SAME = "8 (916) 123-45-67", "+7 916 1234567"


def test_contacts_by_telephone_and_email_in_one_group(audit) -> None:
    rows = [
        person(1, "Анна Белова", phone=PHONE),
        person(2, "Борис Котов", phone=f"8 495 765-43-21, {SAME}"),  # shares the telephone with 1
        person(3, "Белова А.", email=" Anna@Firm.ru "),
        person(4, "Анна Белова", phone=SAME, email="anna@firm.ru; a@b.ru"),  # both with 1 and with 3
        person(5, "Вера Лис", phone="8 916 765-43-21"),
        person(6, "Анна Белова", phone="8 916 111-22-33"),  # the name alone tells nothing
        person(7, "Никто"),
    ]
    found = audit(rows)
    assert groups(found) == [["c1", "c2", "c3", "c4"]]
    told = found.violations.set_index("id")
    # 1, 2 and 4 by the telephone, which is told before the e-mail; 3 by the e-mail
    assert told["kind"].to_dict() == {"c1": 0, "c2": 0, "c3": 1, "c4": 0}
    # another card of the same name is told by its number
    assert told["names"]["c1"] == "Борис Котов · Белова А. · c4"
    assert set(told["number"]) == {4.0}
    # duplicates since the second card was made, on the second of January
    assert {moment.strftime("%m-%d") for moment in told["since"]} == {"01-02"}
    state = found.states.iloc[0]
    assert (state["state"], state["checked"], state["wrong"]) == ("failed", 6, 4)
    assert state["lacking"] == "companies.city, companies.tax_id"
    assert found.unknown[["reason", "n"]].to_numpy().tolist() == [["no_phone_or_email", 1]]


def test_a_switchboard_makes_no_duplicates_but_does_not_hide_them(audit) -> None:
    rows = [
        person(1, "Анна Белова", phone=PHONE, firm="Альфа"),
        person(2, "Борис Котов", phone=SAME, firm="Альфа"),
        person(3, "Белова Анна Ивановна", phone=SAME, firm="Альфа"),  # 1 again
        person(4, "", phone=SAME, firm="Альфа"),  # nobody knows who
        person(5, "Вера Лис", phone=SAME, firm="Бета"),
    ]
    assert groups(audit(rows)) == [["c1", "c3"]]


def test_an_office_address_is_nobodys(audit) -> None:
    rows = [
        person(1, "Анна Белова", email="info@firm.ru", firm="Альфа"),
        person(2, "Борис Котов", email="INFO@firm.ru", firm="Бета"),
        person(3, "Анна Белова", email="info@firm.ru"),
        person(4, "Вера Лис", email="нет"),
        person(5, "Глеб Мох", email="нет"),
    ]
    found = audit(rows)
    assert groups(found) == [["c1", "c3"]]
    assert found.unknown["n"].sum() == 2


def test_a_number_of_many_people_is_nobodys(audit) -> None:
    names = ["Анна Белова", "Борис Котов", "Вера Лис", "Глеб Мох", "Дина Юрьева"]
    rows = [person(k, name, phone=PHONE, firm=f"Фирма {k}") for k, name in enumerate(names, 1)]
    # sharing_people is 3: four and more differently named people share a filler; three are one client
    assert groups(audit(rows)) == groups(audit(rows[:4])) == []
    assert groups(audit(rows[:3])) == [["c1", "c2", "c3"]]
    assert groups(audit(rows, limits={"sharing_people": 5})) == [["c1", "c2", "c3", "c4", "c5"]]


def test_no_number_joins_nobody(audit) -> None:
    rows = [person(1, "Анна", phone="0000000000"), person(2, "Борис", phone="0000000000")]
    rows += [person(3, "Вера", phone="12345"), person(4, "Глеб", phone="12345")]
    found = audit(rows)
    assert groups(found) == []
    assert found.states["state"].tolist() == ["not_applicable"]  # none of the four could be judged
    assert found.unknown["n"].tolist() == [4]


def test_companies_by_tax_number(audit) -> None:
    rows = [
        company(1, "ООО «Альфа»", tax="7707083893"),
        company(2, "Бета", tax="ИНН 7707083893", city="Тверь"),  # another name and city: the number counts
        company(3, "Гамма", tax="7707083893/770701001"),  # with the code of a branch
        company(4, "Дельта", tax="7707083894", city="Орёл"),  # a wrong check digit joins nobody
        company(5, "Эпсилон", tax="7707083894", city="Орёл"),
        company(6, "Дзета", tax="0000000000", city=""),  # a filler, though its check digit is right
        company(7, "Эта", tax="0000000000", city=""),
        company(8, "ИП Иванов", tax="500100732259", city=""),
        company(9, "Иванов И.И.", tax="5001 0073 2259", city=""),
    ]
    found = audit(companies=rows)
    assert groups(found) == [["f1", "f2", "f3"], ["f8", "f9"]]
    assert set(found.violations["kind"]) == {2}
    assert (found.states["checked"].iloc[0], found.unknown["n"].tolist()) == (7, [2])


def test_companies_by_name_and_city(audit) -> None:
    rows = [
        company(1, "ООО «Северный Ветер»"),
        company(2, "Северный ветер, ЗАО", city="г. Москва"),
        company(3, "ООО «Северный Ветер»", city="Тверь"),  # a branch in another city
        company(4, "Северный ветер", city=""),  # nobody knows where: judged by nothing
        company(5, "Альфа"),
        company(6, "ООО Альфа-Сервис"),  # another company
        company(7, "Школа № 12"),
        company(8, "Школа № 13"),
        company(9, 'Общество с ограниченной ответственностью "Стройматериалы"'),
        company(10, "Строймотериалы ООО"),  # a slip
        company(11, "Альфа-Групп"),
        company(12, "АльфаГрупп"),
        company(13, "ИП Иванов"),
        company(14, "Иванов ИП"),  # two Ivanovs are two people
        company(15, "Частное лицо"),
        company(16, "частное лицо"),
    ]
    found = audit(companies=rows)
    assert groups(found) == [["f1", "f2"], ["f10", "f9"], ["f11", "f12"]]
    assert set(found.violations["kind"]) == {3}
    # not judged: 4 without a city, and the four whose names name nobody
    assert (found.states["checked"].iloc[0], found.unknown["n"].tolist()) == (11, [5])


def test_two_tax_numbers_are_two_companies_whatever_their_names(audit) -> None:
    rows = [
        company(1, "Вектор", tax="7707083893"),
        company(2, "Вектор", tax="7736050003"),
        company(3, "Вектор", city="Тверь", tax="7728168971"),
        company(4, "Вектор", city="Тверь"),  # probably 3
        company(5, "Вектор"),  # 1 or 2, nobody knows which
    ]
    assert groups(audit(companies=rows)) == [["f3", "f4"]]
    # with a sixth card these two are probably one
    assert groups(audit(companies=[*rows, company(6, "Вектор")])) == [["f3", "f4"], ["f5", "f6"]]


def test_tables_number_their_groups_apart(audit) -> None:
    people = [person(1, "Анна", phone=PHONE), person(2, "Анна", phone=SAME)]
    firms = [company(1, "Альфа"), company(2, "ООО Альфа")]
    rows = audit(people, firms).violations
    assert rows.groupby("group")["table"].agg(list).tolist() == [["contacts"] * 2, ["companies"] * 2]


def test_elsewhere_the_countrys_own_rules_count(snapshot) -> None:
    def found(country: str, *numbers: str) -> int:
        rows = [company(k, f"N{k}", tax=one) for k, one in enumerate(numbers, 1)]
        crm = snapshot(DEALS, companies=rows, **({"country": country} if country else {}))
        return len(examine(crm, checks=[find_check("H20")]).violations)

    assert found("DE", "DE 136,695 976", "136695976") == 2
    assert found("DE", "136695978", "136695978") == 0  # a wrong check digit
    assert found("KZ", "БИН 971240001315", "971240001315") == 2  # no rules: the digits
    assert found("", "12-3456711", "123456711") == 2
    assert found("", "1234567890", "1234567890") == 0  # a filler


def crowd(seed: int) -> tuple[Rows, Rows]:
    """Return contacts and companies made of few names, numbers and cities, so that much coincides."""
    rng = Random(seed)
    some = ["Анна Белова", "Белова Анна", "А. Белова", "Борис Котов", "Вера Лис", ""]
    people = [
        person(
            k % 28 + 1, rng.choice(some), phone=rng.choice(["", PHONE, SAME, "8 495 765-43-21"]),
            email=rng.choice(["", "a@b.ru", "info@b.ru", "c@d.ru"]), firm=rng.choice(["", "f1", "f2"]),
        ) | {"contact_id": f"c{k}"}
        for k in range(12)
    ]  # fmt: skip
    names = ["Альфа", "ООО Альфа", "Северсталь", "Северстали", "Северсталям", "Бета Плюс", "Плюс Бета"]
    firms = [
        company(
            k % 28 + 1, rng.choice(names), city=rng.choice(["Москва", "г Москва", "Тверь", ""]),
            tax=rng.choice(["", "", "7707083893", "7736050003"]),
        ) | {"company_id": f"f{k}"}
        for k in range(12)
    ]  # fmt: skip
    return people, firms


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_rows_changes_nothing_and_groups_are_a_partition(audit, seed: int) -> None:
    people, firms = crowd(seed)
    one = audit(people, firms)
    shuffled = Random(seed).sample(people, len(people)), Random(seed).sample(firms, len(firms))
    other = audit(*shuffled)
    pd.testing.assert_frame_equal(one.violations, other.violations)
    pd.testing.assert_frame_equal(one.states, other.states)
    rows = one.violations
    assert rows["id"].is_unique and (rows["group"] >= 0).all()
    assert (rows.groupby("group").size() > 1).all()
    assert (rows.groupby("group").size().reindex(rows["group"]).to_numpy() == rows["number"]).all()


def test_hostile_cells_are_only_compared(audit) -> None:
    bad = [
        "=1+1",
        "<b>x</b>",
        "\x07",
        "\u202ex",
        "@",
        "a@b.c@d.e",
        "[x](http://y)",
        "'",
        "x" * 5000,
        "👩\u200d🚀",
    ]
    people = [person(k, one, phone=one, email=one) for k, one in enumerate(bad, 1)]
    firms = [company(k, one, city=one, tax=one) for k, one in enumerate(bad, 1)]
    assert groups(audit(people, firms)) == []


def test_words_that_name_nobody_are_taken_off() -> None:
    assert firm("Общество с ограниченной ответственностью «Альфа-Сервис»") == ("альфа", "сервис")
    assert firm("Acme, Inc.") == firm("ACME LLC") == ("acme",)
    assert firm("О.О.О. «Ёлка»") == ("елка",)
    assert firm("ИП Иванов А. А.") == ("иванов", "а", "а")
    assert firm("ООО") == firm("ИП Иванов") == firm("Без названия") == firm("—") == ()
    assert town("г.Москва") == town(" МОСКВА ") == "москва"


def test_people_are_compared_by_words_and_initials() -> None:
    def like(one: str, other: str) -> bool:
        return same_person(one.split(), other.split(), 90)

    assert like("иванов иван", "иван петрович иванов") and like("и иванов", "иванов иван")
    assert not like("иванов иван", "иванов петр") and not like("п иванов", "иванов иван")
    assert not like("", "иванов")


def test_words_one_letter_apart_are_one_family_if_they_are_long_enough() -> None:
    found = families({"альфа", "альта", "ромашка", "ромашкка", "стройматериалы", "строймотериалы"}, 90)
    assert found["ромашка"] == found["ромашкка"]  # 14 of 15 signs: 93
    assert found["стройматериалы"] == found["строймотериалы"]  # 26 of 28: 93
    assert found["альфа"] != found["альта"]  # 8 of 10: 80


def one_letter_apart(one: str, other: str) -> bool:
    """Tell whether two words are the same once each has lost at most one letter."""
    first, second = ({word} | {word[:k] + word[k + 1 :] for k in range(len(word))} for word in (one, other))
    return bool(first & second)


@pytest.mark.parametrize("seed", range(40))
def test_families_are_those_of_comparing_all_pairs(seed: int) -> None:
    rng = Random(seed)
    score = rng.choice([75.0, 80.0, 85.0, 90.0, 95.0, 100.0])
    words = ["".join(rng.choice("аб") for _ in range(rng.randrange(1, 14))) for _ in range(30)]
    family = {word: {word} for word in words}
    for one, other in combinations(family, 2):
        if one_letter_apart(one, other) and ratio(one, other) >= score:
            family[one] |= family[other]
            for word in family[one]:
                family[word] = family[one]
    found = families(words, score)
    for one, other in combinations(family, 2):
        assert (found[one] == found[other]) == (other in family[one])


def test_large_blocks_are_compared_with_their_neighbours_only() -> None:
    names = [(0, ("строймаркетинг", f"{number}")) for number in range(2000)]
    assert alike(names, 90) == []
