"""The weekly sheet: written, filled in, mistreated and read back; nothing is guessed, nothing is lost."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import subprocess
import zipfile

import openpyxl
import pytest

from crmkit.audit.decisions import keep, read_decisions
from crmkit.audit.filled import read_filled
from crmkit.documents.audit_sheet import write_audit_sheet
from crmkit.errors import Refusals, SourceError
from crmkit.present.audit_sheet import decisions, walk
from crmkit.present.sheet_words import DECISIONS, all_sheet_words, sheet_words
from crmkit.present.study import open_study
from crmkit.present.tiles import Sentences
from crmkit.present.words import Words

WORDS = all_sheet_words()
LONG = 7_000_000_000_000_000_000
#: Two reps of one name; three deals without a task and one with; ids of 19 digits.
PEOPLE = [{"name": "Анна", "id": "1"}, {"name": "Анна", "id": "2"}]
DEALS = [
    {"deal_id": str(LONG + 1), "status": "open", "manager_id": "1", "title": "=1+1", "amount": 10,
     "url": "https://crm.example/1"},
    {"deal_id": str(LONG + 2), "status": "open", "manager_id": "2", "title": "<r>x</r>", "amount": 20,
     "url": "javascript:alert(1)"},
    {"deal_id": str(LONG + 3), "status": "open", "manager_id": "2", "title": '_x0041_ \x07 ["x"]',
     "amount": 30, "stage": "Offer", "url": "file:///etc/passwd"},
    {"deal_id": str(LONG + 4), "status": "open", "manager_id": "1", "title": "", "amount": 40},
]  # fmt: skip
TASKS = [
    {"task_id": "t", "deal_id": "x", "manager_id": "1", "created_at": "2026-03-01", "due_at": "2026-04-02"}
]
SKIP = [f"H{number:02d}" for number in range(2, 24)]
#: In the order of the walk rep by rep: Анна (1) has 4 and 1, Анна (2) has 3 and 2, by amount.
ROWS = [LONG + 4, LONG + 1, LONG + 3, LONG + 2]


@pytest.fixture
def study(snapshot, tmp_path):
    def make(language="ru", as_of="", **rest):
        told = {"tasks": TASKS, "managers": PEOPLE, "audit": {"skip": SKIP}, "currency": "RUB"} | rest
        if not (tmp_path / "1").exists():
            snapshot([{"created_at": "2026-02-01"} | deal for deal in DEALS], **told)
        return open_study(tmp_path / "1", as_of, language)

    return make


class Filled:
    """A sheet written by the kit and filled in as people do."""

    def __init__(self, study, path):
        self.path, self.words = path, sheet_words(Words(study.language))
        write_audit_sheet(path, study)
        self.book = openpyxl.load_workbook(path)

    def page(self, place=0):
        return self.book[self.book.sheetnames[place]]

    def column(self, key, place=0):
        heads = [cell.value for cell in self.page(place)[4]]
        return heads.index(self.words.headings[key]) + 1

    def row(self, deal, place=0):
        keys = self.column("key", place)
        page = self.page(place)
        return next(
            row for row in range(5, page.max_row + 1) if f'"{deal}"' in str(page.cell(row, keys).value)
        )

    def fill(self, deal, decision="", until=None, note=None, *, place=0):
        said = {"decision": self.words.decisions.get(decision, decision), "until": until, "note": note}
        for key, value in said.items():
            if value is not None:
                self.page(place).cell(self.row(deal, place), self.column(key, place)).value = value

    def read(self):
        self.book.save(self.path)
        return {int(one.card_id): (one.decision, one.until, one.note) for one in self.read_all()}

    def read_all(self):
        self.book.save(self.path)
        return read_filled(self.path, WORDS, "Client")

    def refused(self):
        with pytest.raises(Refusals) as caught:
            self.read_all()
        return [(one.where.partition(": ")[2], str(one.what)) for one in caught.value.errors]


@pytest.fixture
def filled(study, tmp_path):
    def make(language="ru", **rest):
        return Filled(study(language, **rest), tmp_path / "audit-sheet.xlsx")

    return make


@pytest.mark.parametrize("language", ["ru", "en"])
def test_decisions_are_read_back_in_both_languages(filled, language):
    sheet = filled(language)
    sheet.fill(LONG + 1, "mend", "07.04.2026")
    sheet.fill(LONG + 2, "waive", dt.date(2026, 4, 30), "tender")
    sheet.fill(LONG + 3, "close", place=1)
    sheet.fill(LONG + 4, "no_violation", note="+1+1 отпуск\nдо мая")
    assert sheet.read() == {
        LONG + 1: ("mend", dt.date(2026, 4, 7), ""),
        LONG + 2: ("waive", dt.date(2026, 4, 30), "tender"),
        LONG + 3: ("close", None, ""),
        LONG + 4: ("no_violation", None, "+1+1 отпуск\nдо мая"),
    }


def test_each_decision_knows_its_card_its_rep_and_its_violations(filled):
    sheet = filled()
    sheet.fill(LONG + 2, "close")
    (one,) = sheet.read_all()
    assert (one.as_of, one.card, one.card_id, one.manager_id) == (
        dt.date(2026, 3, 31),
        "deals",
        str(LONG + 2),
        "2",
    )
    assert one.wrong == (("H01", "deals", str(LONG + 2)),)


def test_rows_may_be_shuffled_deleted_and_inserted(filled):
    sheet = filled()
    for deal in ROWS[:3]:
        sheet.fill(deal, "mend", "2026-04-07", str(deal))
    page = sheet.page()
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=5, max_row=8)]
    random.Random(1).shuffle(rows)
    rows = [rows[0], [None, None, "a line of my own"], *(row for row in rows[1:] if row[-1] != str(ROWS[1]))]
    page.delete_rows(5, 4)
    for number, row in enumerate(rows, 5):
        for place, value in enumerate(row, 1):
            page.cell(number, place).value = value
    assert set(sheet.read()) == {ROWS[0], ROWS[2]}


def test_the_same_decision_on_both_sheets_is_one(filled):
    sheet = filled()
    for place in (0, 1):
        sheet.fill(ROWS[0], "close", place=place)
    assert len(sheet.read_all()) == 1


def test_two_sheets_that_differ_are_refused_with_both_cells(filled):
    sheet = filled("en")
    sheet.fill(LONG + 4, "close")
    sheet.fill(LONG + 4, "other", note="x", place=1)
    # by rep it stands in row 5; by stage too: the deals in «New» are first, and 40 is the largest of them
    assert sheet.refused() == [
        ("By rep J5 · audit-sheet.xlsx: By stage J5", "two decisions on one card differ")
    ]


def test_every_mistake_is_told_at_once_with_its_cell(filled):
    sheet = filled("en")
    sheet.fill(ROWS[0], "do something")
    sheet.fill(ROWS[1], "mend", "tomorrow")
    sheet.fill(ROWS[2], "waive", "2026-03-30")
    sheet.fill(ROWS[3], note="x")
    sheet.page().cell(10, 10).value = "close the deal"
    assert sheet.refused() == [
        ("By rep J5", "there is no such decision"),
        ("By rep K6", "this is no date"),
        ("By rep L7", "«waive until a day» needs something under «Note»"),
        ("By rep K7", "this day lies before the day of the sheet"),
        ("By rep J8", "a day or a note stands here without a decision"),
        ("By rep J10", "this row is none of the sheet's: its hidden key is missing or was changed"),
    ]


@pytest.mark.parametrize("text", ["30.4", "30.04.26", "30/04/2026", "46356", "31.02.2026", "#REF!"])
def test_no_day_is_guessed(filled, text):
    sheet = filled("en")
    sheet.fill(ROWS[0], "mend", text)
    assert [where for where, _ in sheet.refused()] == ["By rep K5"]


@pytest.mark.parametrize("key", ["", "x", "[]", "{}", '{"client":"Client"}', '{"card":[1,2,3]}', "[" * 9999])
def test_a_key_that_was_changed_is_refused(filled, key):
    sheet = filled("en")
    sheet.fill(ROWS[0], "close")
    sheet.page().cell(5, sheet.column("key")).value = key or None
    assert [where for where, _ in sheet.refused()] == ["By rep J5"]


def test_a_column_sorted_alone_is_refused(filled):
    sheet = filled("en")
    sheet.fill(ROWS[0], "close")
    place = sheet.column("key")
    keys = [sheet.page().cell(row, place).value for row in (5, 6)]
    for row, key in zip((6, 5), keys, strict=True):
        sheet.page().cell(row, place).value = key
    assert sheet.refused() == [("By rep C5", "the card in this row is not the one that its hidden key names")]


def test_a_sheet_of_another_client_is_refused(filled):
    sheet = filled("en")
    sheet.fill(ROWS[0], "close")
    sheet.book.save(sheet.path)
    with pytest.raises(Refusals, match="another client"):
        read_filled(sheet.path, WORDS, "Somebody else")


def test_merged_cells_and_lost_columns_are_refused(filled):
    sheet = filled("en")
    sheet.fill(ROWS[0], "close")
    sheet.page().merge_cells("J5:J6")
    sheet.page(1).cell(4, sheet.column("key", 1)).value = "?"
    assert sheet.refused() == [
        ("By rep J5:J6", "merged cells stand where the sheet is read back"),
        ("By stage 4", "the column «Key of the row» is missing"),
    ]


def test_another_workbook_is_refused(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Decision", "x"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(Refusals, match="no weekly sheet"):
        read_filled(tmp_path / "a.xlsx", WORDS, "Client")
    (tmp_path / "b.xlsx").write_text("deal;decision", encoding="utf-8")
    with pytest.raises(SourceError):
        read_filled(tmp_path / "b.xlsx", WORDS, "Client")


def test_what_is_read_twice_changes_nothing(filled, tmp_path):
    sheet = filled()
    sheet.fill(ROWS[0], "other", note='\'+7 900; "x"\nдва')
    first = keep(tmp_path, sheet.read_all())
    content = (tmp_path / "audit" / "decisions.csv").read_bytes()
    again = keep(tmp_path, sheet.read_all())
    assert ((first.added, first.changed, first.known), (again.added, again.changed, again.known)) == (
        (1, 0, 0),
        (0, 0, 1),
    )
    assert (tmp_path / "audit" / "decisions.csv").read_bytes() == content
    sheet.fill(ROWS[0], "close")
    assert keep(tmp_path, sheet.read_all()).changed == 1
    assert read_decisions(tmp_path)["note"].tolist() == ['\'+7 900; "x"\nдва']
    assert b"\n'" not in content and b",\"''+7" in content  # no text in it begins as a formula would


@pytest.mark.parametrize(
    "damage", ["as_of,x\n", "{head}\nyesterday,deals,1,,H01,deals,1,close,,\n", "{head}\n1,2\n", '"']
)
def test_a_store_that_was_damaged_is_refused(filled, tmp_path, damage):
    sheet = filled()
    sheet.fill(ROWS[0], "close")
    keep(tmp_path, sheet.read_all())
    path = tmp_path / "audit" / "decisions.csv"
    head = path.read_text(encoding="utf-8").partition("\n")[0]
    path.write_text(damage.format(head=head) + ("2026-03-31\n" if "x" in damage else ""), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(Refusals, match="not as it was written"):
        keep(tmp_path, sheet.read_all())
    assert path.read_bytes() == before


def test_decisions_show_on_the_next_sheet_and_the_page(study, tmp_path):
    sheet = Filled(study("en"), tmp_path / "a.xlsx")
    sheet.fill(LONG + 2, "mend", "2026-04-03", "call")
    sheet.fill(LONG + 4, "waive", "2026-04-30", "tender")
    keep(tmp_path / "1", sheet.read_all())
    later = study("en", as_of="2026-04-07")
    table = decisions(later)
    assert [[row[2], row[3], row[6]] for row in table.rows] == [
        ["<r>x</r>", "put right by a day", "still so, and the day is over"],
        [str(LONG + 4), "waive until a day", "the waiver holds"],
    ]
    rows = [row for row in walk(later).rows if row[2] == "<r>x</r>"]
    what = rows[0][-2].replace("\xa0", " ")
    decided = "Decided on 31 Mar 2026: put right by a day (3 Apr 2026). Now: still so, and the day is over.\n"
    assert what.startswith(f"{decided}Open deals without a task: ")
    assert all(str(LONG + 4) not in str(row) for row in walk(later).rows)  # waived
    again = Filled(later, tmp_path / "b.xlsx")
    assert again.book.sheetnames == ["By rep", "By stage", "How to fill in", "Earlier decisions"]
    assert (
        "Decided on 31\xa0Mar\xa02026" in again.page().cell(again.row(LONG + 2), again.column("what")).value
    )
    assert (
        len(later.audit.violations) == 4 and later.audit.states.set_index("check").loc["H01", "waived"] == 1
    )


def test_two_people_of_one_name_stay_two(filled):
    sheet = filled()
    reps = [sheet.page().cell(row, 1).value for row in range(5, 9)]
    assert reps == ["Анна (1)", "Анна (1)", "Анна (2)", "Анна (2)"]


def test_hostile_texts_stay_texts_and_only_web_addresses_are_links(study, tmp_path):
    write_audit_sheet(tmp_path / "a.xlsx", study())
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        told = {name: book.read(name) for name in book.namelist()}
    assert not any(b"<f>" in xml for name, xml in told.items() if name.startswith("xl/worksheets/"))
    links = b"".join(xml for name, xml in told.items() if name.endswith(".rels"))
    assert (
        links.count(b"https://crm.example/1") == 2 and b"javascript" not in links and b"passwd" not in links
    )
    page = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]
    assert [page.cell(row, 3).value for row in range(5, 9)] == [
        str(LONG + 4),
        "=1+1",
        '_x0041_  ["x"]',
        "<r>x</r> ",
    ]
    assert (
        page.column_dimensions["I"].hidden and page.freeze_panes == "D5" and page.auto_filter.ref == "A4:L8"
    )
    assert page.page_setup.orientation == "landscape" and page.print_title_rows == "$4:$4"
    assert page.page_setup.paperSize == 9


def test_the_same_data_give_the_same_bytes(study, tmp_path):
    for name in ("a", "b"):
        write_audit_sheet(tmp_path / name, study())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_without_a_violation_there_is_nothing_to_walk_through(study):
    told = study(audit={"skip": ["H01", *SKIP]})
    assert isinstance(walk(told), Sentences) and isinstance(decisions(told), Sentences)


def test_the_share_drawn_stands_on_the_sheet(filled):
    sheet = filled("en", audit={"skip": SKIP, "sample_per_rep": 1})
    note = sheet.page().cell(2, 1).value.replace("\xa0", " ")
    assert "Анна (1) 1 of 2; Анна (2) 1 of 2" in note


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
@pytest.mark.parametrize("language", ["ru", "en"])
def test_nothing_is_lost_when_libreoffice_saves_the_sheet_again(filled, language, tmp_path):
    sheet = filled(language)
    for deal, decision in zip(ROWS, DECISIONS, strict=False):
        sheet.fill(deal, decision, dt.date(2026, 4, 7), "'x = «ё»")
    said = sheet.read()
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += ["--convert-to", "xlsx", "--outdir", str(tmp_path / "saved"), str(sheet.path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    found = read_filled(tmp_path / "saved" / sheet.path.name, WORDS, "Client")
    assert len(said) == 4
    assert {int(one.card_id): (one.decision, one.until, one.note) for one in found} == said
