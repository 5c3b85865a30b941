"""The checklist as a workbook: written, filled in, mistreated, read back; nothing guessed, nothing lost."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import subprocess
import zipfile

import openpyxl
import pytest

from crmkit.audit.answers import Answer, audits, read_answers, save_answer
from crmkit.audit.checklist_kept import keep
from crmkit.audit.checklist_sheet import read_checklist
from crmkit.audit.questions import read_questions
from crmkit.documents.checklist_book import write_checklist
from crmkit.errors import Refusals, SourceError
from crmkit.present.checklist_sheet import all_checklist_words, checklist_words
from crmkit.present.study import open_study
from crmkit.present.words import Words

WORDS = all_checklist_words()
DAY, BEFORE = dt.date(2026, 3, 31), dt.date(2026, 1, 31)
#: Ten deals with a source each: 10 of 10 lie between 72 and 100 %, so that A02 is at least «partly» (0.6).
DEALS = [{"created_at": "2026-02-01", "source": "fair", "status": "open"} for _ in range(10)]
HOSTILE = ["=1+1", "<r>x</r>", "_x0041_", "x\x07y", "+7 900", "'no", "@x", '"a";\n«ё» 👩\u200d🚀']


@pytest.fixture
def folder(snapshot, tmp_path):
    snapshot(DEALS)
    return tmp_path / "1"


class Filled:
    """A workbook written by the kit and filled in as people do."""

    def __init__(self, folder, language="en", new=False):
        self.folder, self.language = folder, language
        self.words = checklist_words(Words(language))
        self.path = folder.parent / "checklist.xlsx"
        self.day = write_checklist(open_study(folder, language=language), self.path, new=new)
        self.book = openpyxl.load_workbook(self.path)
        self.page = self.book.worksheets[0]

    def column(self, key):
        heads = [str(cell.value).partition(",")[0] for cell in self.page[4]]
        return heads.index(self.words.headings[key]) + 1

    def row(self, question):
        names = [cell.value for cell in self.page["A"]]
        return names.index(question) + 1

    def cell(self, question, key):
        return self.page.cell(self.row(question), self.column(key))

    def fill(self, question, answer=None, evidence=None, note=None):
        said = {"answer": self.words.answers.get(answer, answer), "evidence": evidence, "note": note}
        for key, value in said.items():
            if value is not None:
                self.cell(question, key).value = value or None

    def read(self):
        self.book.save(self.path)
        return self.read_saved(self.path)

    def read_saved(self, path):
        return read_checklist(path, WORDS, read_questions(self.folder), client="Client")

    def keep(self, **chosen):
        return keep(self.folder, self.read(), read_questions(self.folder), **chosen)

    def refused(self, act="read"):
        with pytest.raises(Refusals) as caught:
            getattr(self, act)()
        return [(one.where.partition(": ")[2], str(one.what)) for one in caught.value.errors]


def kept(folder, day=DAY):
    answers = read_answers(folder, day, read_questions(folder)).answers
    return {name: (one.answer, one.evidence, one.note) for name, one in answers.items()}


def save(folder, day=DAY, **answers):
    return save_answer(folder, day, read_questions(folder), **answers)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_answers_are_read_back_in_both_languages(folder, language):
    sheet = Filled(folder, language)
    sheet.fill("A01", "yes", "page of 12 March")
    sheet.fill("A02", "partly", note="ask marketing")
    sheet.fill("N04", "no")
    sheet.fill("B01", "na")
    sheet.fill("C01", evidence="no answer yet, only this")
    sheet.page["C2"] = "Anna, Boris"
    done = sheet.keep()
    assert (done.added, done.changed, done.taken_back, done.known) == (5, 0, 0, 0)
    assert kept(folder) == {
        "A01": ("yes", "page of 12 March", ""),
        "A02": ("partly", "", "ask marketing"),
        "B01": ("na", "", ""),
        "C01": ("", "no answer yet, only this", ""),
        "N04": ("no", "", ""),
    }
    assert read_answers(folder, DAY, read_questions(folder)).answered_by == "Anna, Boris"
    again = sheet.keep()
    assert (again.added, again.changed, again.known) == (0, 0, 5)


def test_the_sheet_tells_questions_data_and_answers(folder):
    save(folder, BEFORE, A01=Answer(answer="no", evidence="none"))
    save(folder, A01=Answer(answer="yes", evidence="page", note="n"), answered_by="Anna")
    sheet = Filled(folder, "ru")
    said = [sheet.cell("A01", key).value for key in ("answer", "evidence", "note", "previous", "whom")]
    assert said == ["да", "page", "n", "нет\nnone", "собственника"]
    assert sheet.page["C2"].value == "Anna"
    # 10 of 10 in the interval from 72 %: neither surely «yes» (0.9) nor below it, so nothing is suggested
    assert sheet.cell("A02", "suggested").value is None
    assert "n = 10" in sheet.cell("A02", "data").value.replace("\xa0", " ")
    page = sheet.page
    assert page.max_row == 4 + len(read_questions(folder).questions)
    assert page.freeze_panes == "D5" and page.auto_filter.ref == f"A4:N{page.max_row}"
    assert page.column_dimensions["N"].hidden and page.print_title_rows == "$4:$4"
    assert (page.page_setup.orientation, page.page_setup.paperSize, page.page_setup.fitToWidth) == (
        "landscape", 9, 2,
    )  # fmt: skip
    (choice,) = page.data_validations.dataValidation
    assert choice.formula1 == '"да,частично,нет,не относится,нет ответа"'
    assert str(choice.sqref) == f"G5:G{page.max_row}"


def test_without_an_earlier_audit_there_is_no_column_for_it(folder):
    heads = [cell.value for cell in Filled(folder).page[4]]
    assert not any(str(one).startswith("The audit before") for one in heads) and len(heads) == 13


def test_rows_may_be_shuffled_deleted_and_inserted(folder):
    save(folder, A03=Answer(answer="no"), A04=Answer(answer="no"))
    sheet = Filled(folder)
    for name in ("A01", "A02", "A03"):
        sheet.fill(name, "yes", name)
    page, last = sheet.page, sheet.page.max_row
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=5, max_row=last)]
    rows = [row for row in rows if row[0] not in ("A02", "A04")]
    random.Random(1).shuffle(rows)
    page.delete_rows(5, last)
    for number, row in enumerate([*rows[:5], [None, None, "a line of my own"], *rows[5:]], 5):
        for place, value in enumerate(row, 1):
            page.cell(number, place).value = value
    sheet.keep()
    assert kept(folder) == {"A01": ("yes", "A01", ""), "A03": ("yes", "A03", ""), "A04": ("no", "", "")}


def test_an_empty_cell_changes_nothing_and_an_answer_is_taken_back_by_a_word(folder):
    save(
        folder, A01=Answer(answer="yes", evidence="page"), A02=Answer(answer="no", note="n"),
        A03=Answer(answer="no", evidence="gone", note="stays"),
    )  # fmt: skip
    sheet = Filled(folder)
    sheet.fill("A02", note="m")
    for place in (("A01", "answer"), ("A01", "evidence"), ("A02", "answer")):
        sheet.cell(*place).value = None
    sheet.cell("A03", "answer").value = "not answered"
    sheet.fill("A03", evidence="")
    done = sheet.keep()
    assert (done.added, done.changed, done.taken_back) == (0, 1, 1)
    assert kept(folder) == {
        "A01": ("yes", "page", ""),
        "A02": ("no", "", "m"),
        "A03": ("", "", "stays"),
    }


def test_what_was_answered_elsewhere_meanwhile_is_not_undone(folder):
    save(folder, A01=Answer(answer="yes"), A02=Answer(answer="no"))
    sheet = Filled(folder)
    save(folder, A01=Answer(answer="no"), A03=Answer(answer="yes"))  # in the form, since
    sheet.fill("A02", "partly")
    sheet.keep()
    assert {name: said[0] for name, said in kept(folder).items()} == {
        "A01": "no",
        "A02": "partly",
        "A03": "yes",
    }


def test_two_answers_to_one_question_are_decided_by_people(folder):
    sheet = Filled(folder)
    save(folder, A01=Answer(answer="no"))
    sheet.fill("A01", "yes")
    sheet.fill("A02", "yes")
    before = kept(folder)
    assert sheet.refused("keep") == [
        ("Checklist G5", "this was answered otherwise since the workbook was made")
    ]
    assert kept(folder) == before
    sheet.keep(replace=True)
    assert kept(folder) == {"A01": ("yes", "", ""), "A02": ("yes", "", "")}


def test_every_mistake_is_told_at_once_with_its_cell(folder):
    sheet = Filled(folder)
    sheet.fill("A01", "perhaps")
    sheet.fill("A02", "yes", "#REF!")
    sheet.fill("A03", "yes", note="x" * 10_001)
    sheet.fill("A04", "yes")
    sheet.cell("A04", "key").value = None
    sheet.fill("B01", "yes")
    sheet.cell("B01", "id").value = "Z99"
    sheet.cell("A05", "key").value = sheet.cell("B02", "key").value
    sheet.fill("A05", "no")
    sheet.page.cell(100, 7).value = "yes"
    assert sheet.refused() == [
        ("Checklist G5", "there is no such answer"),
        ("Checklist H6", "the formula in the cell gives an error"),
        ("Checklist I7", "the text is longer than 10000 signs"),
        ("Checklist A8", "this row is none of the sheet's: its hidden key is missing or was changed"),
        ("Checklist A9", "the question in this row is not the one that its hidden key names"),
        ("Checklist A10", "there is no such question"),
        ("Checklist A100", "there is no such question"),
    ]
    assert audits(folder) == []


@pytest.mark.parametrize("key", ["x", "[]", "{}", "[1,2]", '["Client","soon","A01","","",""]', "[" * 9999])
def test_a_key_that_was_changed_is_refused(folder, key):
    sheet = Filled(folder)
    sheet.fill("A01", "yes")
    sheet.cell("A01", "key").value = key
    assert [where for where, _ in sheet.refused()] == ["Checklist A5"]


def test_one_question_in_two_rows(folder):
    sheet = Filled(folder)
    sheet.fill("A01", "yes", "page")
    for place in range(1, 14):  # the row of A01 once more, below all others
        sheet.page.cell(90, place).value = sheet.page.cell(5, place).value
    assert len(sheet.read().cells) == 2
    sheet.page.cell(90, 7).value = "no"
    assert sheet.refused() == [
        ("Checklist G5 · checklist.xlsx: Checklist G90", "one question is answered in two ways")
    ]


def test_merged_cells_and_lost_columns_are_refused(folder):
    sheet = Filled(folder)
    sheet.fill("A01", "yes")
    sheet.page.merge_cells("G5:G6")
    assert sheet.refused() == [("Checklist G5:G6", "merged cells stand where the sheet is read back")]
    sheet.page.unmerge_cells("G5:G6")
    sheet.page["M4"] = "?"
    sheet.page["I4"] = "Answer"
    assert sheet.refused() == [
        ("Checklist 4", "the column «Key of the row» is missing"),
        ("Checklist 4", "the column «Answer» stands twice"),
        ("Checklist 4", "the column «Note» is missing"),
    ]


def test_another_workbook_and_another_client_are_refused(folder, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Answer", "x"])
    book.save(tmp_path / "a.xlsx")
    sheet = Filled(folder)
    with pytest.raises(Refusals, match="no checklist"):
        sheet.read_saved(tmp_path / "a.xlsx")
    sheet.fill("A01", "yes")
    sheet.book.save(sheet.path)
    with pytest.raises(Refusals, match="another client: «Client»"):
        read_checklist(sheet.path, WORDS, read_questions(), client="Somebody else")


def test_a_new_audit_starts_empty_beside_the_one_before(folder):
    save(folder, BEFORE, A01=Answer(answer="no"))
    assert Filled(folder).day == BEFORE  # the present audit goes on
    sheet = Filled(folder, new=True)
    assert sheet.day == DAY and sheet.cell("A01", "answer").value is None
    assert sheet.cell("A01", "previous").value == "no"
    sheet.fill("A01", "yes")
    sheet.keep()
    assert kept(folder) == {"A01": ("yes", "", "")} and kept(folder, BEFORE) == {"A01": ("no", "", "")}


def test_a_sheet_of_an_earlier_audit_is_not_taken_for_the_new_one(folder):
    save(folder, BEFORE, A01=Answer(answer="no"))
    sheet = Filled(folder)
    sheet.fill("A01", "yes")
    save(folder, A02=Answer(answer="yes"))
    with pytest.raises(SourceError, match="of 2026-01-31, and a later audit has begun"):
        sheet.keep()
    assert kept(folder, BEFORE) == {"A01": ("no", "", "")}
    sheet.keep(earlier=True)
    assert kept(folder, BEFORE) == {"A01": ("yes", "", "")} and "A01" not in kept(folder)


def test_rows_of_two_audits_in_one_workbook_are_refused(folder):
    save(folder, BEFORE, A01=Answer(answer="no"))
    old = Filled(folder).cell("A02", "key").value
    sheet = Filled(folder, new=True)
    sheet.fill("A01", "yes")
    sheet.fill("A02", "yes")
    sheet.cell("A02", "key").value = old
    assert sheet.refused() == [
        ("Checklist A5 · checklist.xlsx: Checklist A6", "rows of several audits stand in one workbook")
    ]


def test_an_empty_workbook_begins_no_audit(folder):
    assert Filled(folder).keep().answers is None and audits(folder) == []


def test_hostile_texts_stay_texts_and_come_back(folder):
    names = [one.id for one in read_questions(folder).questions][: len(HOSTILE)]
    save(
        folder,
        **{name: Answer(answer="no", evidence=text) for name, text in zip(names, HOSTILE, strict=True)},
    )
    before = kept(folder)
    sheet = Filled(folder)
    with zipfile.ZipFile(sheet.path) as book:
        assert not any(b"<f>" in book.read(name) for name in book.namelist() if "worksheets/" in name)
    assert not sheet.read_saved(sheet.path).cells  # nothing was written, so nothing changes
    for name in names:
        sheet.fill(name, "yes")
    names.pop(HOSTILE.index("_x0041_"))  # openpyxl saves it as the sign that it stands for
    sheet.keep()
    after = kept(folder)
    assert {name: after[name] for name in names} == {name: ("yes", *before[name][1:]) for name in names}


def test_a_clients_own_words_are_texts_too(folder):
    (folder / "audit").mkdir()
    own = (
        'format: 1\nquestions:\n- {id: X01, area: leads, text: "=HYPERLINK(\\"x\\") {a}", why: "<r>x</r>"}\n'
    )
    (folder / "audit" / "questions.yml").write_text(own, encoding="utf-8")
    sheet = Filled(folder)
    assert sheet.cell("X01", "text").value == '=HYPERLINK("x") {a}'
    assert sheet.cell("X01", "text").data_type == "s"


def test_the_same_data_give_the_same_bytes(folder, tmp_path):
    for name in ("a", "b"):
        write_checklist(open_study(folder), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
@pytest.mark.parametrize("language", ["ru", "en"])
def test_nothing_is_lost_when_libreoffice_saves_the_workbook_again(folder, language, tmp_path):
    save(folder, B01=Answer(answer="yes", evidence="two\nlines  «ё»", note="=1"))
    sheet = Filled(folder, language)
    for name, answer in zip(("A01", "A02", "A03", "A04"), ("yes", "partly", "no", "na"), strict=True):
        sheet.fill(name, answer, f"'x = «ё» {answer}", "два\nстроки")
    sheet.page["C2"] = "Анна"
    said = {place: one.value for place, one in sheet.read().cells.items()}
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += ["--convert-to", "xlsx", "--outdir", str(tmp_path / "saved"), str(sheet.path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    found = sheet.read_saved(tmp_path / "saved" / sheet.path.name)
    assert len(said) == 13 and found.day == DAY
    assert {place: one.value for place, one in found.cells.items()} == said


def test_the_workbook_says_of_which_time_its_figures_are(folder):
    said = [str(cell.value) for cell in Filled(folder).book.worksheets[1]["A"]]
    assert any("what happened in the whole export" in one for one in said)
