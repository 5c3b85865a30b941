"""``crmkit new``: export files into a commented ``client.yml`` that the kit accepts as it stands."""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from crmkit import evaluate
from crmkit.client import read_client
from crmkit.errors import RequestError, SourceError
from crmkit.present.words import Words
from crmkit.simulate import simulate_to
from crmkit.sources.load import load
from crmkit.sources.new import look, write_client
from crmkit.sources.suggest import kind_of, kinds_told, tables_for

AMO = "amocrm_export_leads_2026-03-31.csv"
KOMMO = "kommo_export_leads_2026-03-31.csv"
BITRIX = "DEAL_20260331_1f2e3d4c.csv"
TASKS = "tasks_2026-03-31.csv"
ENGLISH = Words("en")

PLAIN = (
    "opportunity_id,sales_agent,account,deal_stage,engage_date,close_date,close_value\n"
    "X1,Ann Poe,Acme,Won,20-10-16,01-03-17,1000\n"
    "X2,Ann Poe,,Engaging,25-10-16,,\n"
    "X3,Bob Low,Beta,Lost,31-12-16,05-01-17,0\n"
)


@pytest.fixture
def exports(tmp_path, fixtures) -> Path:
    """Return a folder with exports, outside the client's."""
    folder = tmp_path / "выгрузки"
    folder.mkdir()
    for name in (AMO, KOMMO, BITRIX, TASKS):
        shutil.copy(fixtures / name, folder)
    (folder / "deals.csv").write_text(PLAIN, encoding="utf-8")
    (folder / "teams.csv").write_text("sales_agent,manager\nAnn Poe,North\nBob Low,South\n", encoding="utf-8")
    return folder


def written(folder: Path, *files: Path, words: Words = ENGLISH):
    path, points = write_client(folder, list(files), name="", words=words)
    client = read_client(path)
    return client, load(client), [words.message(point) for point in points], path.read_text(encoding="utf-8")


def test_amocrm(tmp_path, exports, fixtures):
    client, crm, points, text = written(tmp_path / "Ромашка", exports / AMO)
    assert (client.name, client.crm, client.exported_on.isoformat()) == ("Ромашка", "amocrm", "2026-03-31")
    assert [(entry.path, entry.table, entry.columns) for entry in client.files] == [
        (f"../выгрузки/{AMO}", "deals", {})
    ]
    stages = {one.name: [(stage.name, stage.kind) for stage in one.stages] for one in client.pipelines}
    # as they were met, closed ones last; reasons are no stages
    assert stages == {
        "Новые продажи": [
            ("Переговоры", "open"), ("Счёт выставлен", "open"), ("Успешно реализовано", "won"),
            ("Закрыто и не реализовано", "lost"),
        ],
        "Повторные": [("Переговоры", "open"), ("Закрыто и не реализовано", "lost")],
    }  # fmt: skip
    assert client.technical_losses == ["Дубль"]
    assert [one.name for one in client.managers] == ["Анна Ким", "Борис Пак"]
    assert crm.deals["status"].tolist() == ["won", "lost", "open", "lost", "won", "lost", "open"]
    assert evaluate("lost_deals", crm)["value"].item() == 2
    assert points == ["Put the stages into their order and check which are won and lost."]
    # only the file of settings is new, and the exports stay as they were
    assert sorted(path.name for path in (tmp_path / "Ромашка").iterdir()) == [".crmkit", "client.yml"]
    assert (exports / AMO).read_bytes() == (fixtures / AMO).read_bytes()
    comments = [line.split("# ", 1)[1] for line in text.splitlines() if "# " in line]
    assert (
        "The settings of one client. Read it through, correct what is marked «check», "
        "delete what you do not need." in comments
    )
    assert len([line for line in comments if line.startswith("check")]) >= 3


@pytest.mark.parametrize("language", ["en", "ru"])
def test_both_languages(tmp_path, exports, language):
    words = Words(language)
    client, crm, points, text = written(tmp_path / "клиент", exports / BITRIX, exports / TASKS, words=words)
    assert client.language == language
    assert (client.currency, client.country) == ("RUB", language.upper().replace("EN", "US"))  # the file's
    assert (client.crm, [entry.table for entry in client.files]) == ("bitrix24", ["deals", "tasks"])
    assert client.pipelines[0].stages[0].name == "Переговоры"
    assert crm.deals["status"].tolist() == ["won", "open", "lost", "open", "open", "open"]
    assert crm.tasks["deal_ix"].max() == 2
    assert words.say("The reps. role: hunter, closer, farmer, KAM, head. Dates tell who worked when.") in text
    assert points == [words.say("Put the stages into their order and check which are won and lost.")]


def test_kommo(tmp_path, exports):
    client, crm, _, _ = written(tmp_path / "kommo", exports / KOMMO)
    assert client.crm == "amocrm"
    assert [(one.name, one.kind) for one in client.pipelines[0].stages] == [
        ("Offer", "open"), ("Closed - won", "won"), ("Closed - lost", "lost"),
    ]  # fmt: skip
    assert evaluate("revenue", crm)["value"].item() == 1200.5


def test_plain_files(tmp_path, exports):
    client, crm, points, _ = written(tmp_path / "client", exports / "deals.csv", exports / "teams.csv")
    assert client.crm == "plain"
    assert client.files[0].columns == {
        "opportunity_id": "deal_id", "sales_agent": "manager_id", "account": "company_id",
        "deal_stage": "stage",
        "engage_date": "created_at", "close_date": "closed_at", "close_value": "amount",
    }  # fmt: skip
    # 31 in the first place, and fewer values in the last: the year stands last
    assert client.files[0].dates == "%d-%m-%y"
    assert (client.files[1].table, client.files[1].columns) == (
        "managers",
        {"sales_agent": "manager_id", "manager": "team"},
    )
    assert points == [
        "Check the columns of deals.csv: they were guessed from the headings.",
        "Check the date format of deals.csv: the years have two digits.",
        "Check the columns of teams.csv: they were guessed from the headings.",
        "Put the stages into their order and check which are won and lost.",
    ]
    assert crm.deals["created_at"].iloc[0] == pd.Timestamp("2016-10-20", tz="UTC")
    figures = evaluate("won_deals", crm, by=["team"]).set_index("team")["value"]
    assert figures["North"] == 1


def test_a_list_with_a_day_of_winning_and_one_of_losing(tmp_path):
    # As programs hand out Pipedrive's deals, and with headings that clients give their own lists.
    file = tmp_path / "deals.csv"
    rows = [
        "1,Pump,500,won,3,7,2026-01-05 10:00:00,2026-01-20 12:00:00,",
        "2,Belt,90,lost,2,8,2026-01-06 10:00:00,,2026-01-21 09:00:00",
    ]
    file.write_text("id,title,value,status,stage_id,user_id,add_time,won_time,lost_time\n" + "\n".join(rows))
    _, crm, _, _ = written(tmp_path / "client", file)
    assert crm.deals["closed_at"].dt.strftime("%m-%d").tolist() == ["01-20", "01-21"]
    assert evaluate("win_rate", crm)["value"].tolist() == [0.5]
    assert tables_for(
        ["Order no", "Customer", "Salesman", "Value", "Result", "Enquiry date", "Decision date"]
    ) == ["deals"]
    assert tables_for(["ID", "Название сделки", "Стадия", "Бюджет", "Канал"]) == ["deals"]


def test_deals_without_a_number(tmp_path):
    (tmp_path / "d.csv").write_text(PLAIN.replace("opportunity_id,", "note,"), encoding="utf-8")
    client, crm, _, _ = written(tmp_path / "c", tmp_path / "d.csv")
    assert client.files[0].key == "row"
    assert crm.deals["deal_id"].tolist() == ["d.csv:2", "d.csv:3", "d.csv:4"]


def test_what_has_to_be_decided_is_told_and_the_rest_is_found(tmp_path):
    text = (
        "deal id,owner,stage,created,closed,amount\n"
        '1,Ann,Talk,01/02/2026,,1\n2,Bob,Won,02/02/2026,03/02/2026,"1,234"\n'
    )
    (tmp_path / "d.csv").write_text(text, encoding="utf-8")
    path, points = write_client(tmp_path / "c", [tmp_path / "d.csv"], name="Firm «7»", words=ENGLISH)
    client = read_client(path)
    assert client.name == "Firm «7»"
    assert [stage.name for stage in client.pipelines[0].stages] == ["Talk", "Won"]
    assert [one.name for one in client.managers] == ["Ann", "Bob"]
    assert ENGLISH.message(points[-1]) == (
        "d.csv (plain): created: "
        "the day and the month can be told apart in no row, or rows contradict one another"
    )


def test_two_files_of_deals_are_read_together(tmp_path, fixtures):
    text = (fixtures / AMO).read_text(encoding="utf-8")
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    (tmp_path / "b.csv").write_text(
        text.replace("Переговоры", "Замер").replace("Анна Ким", "Яна Ли").replace("Повторные", "Опт"),
        encoding="utf-8",
    )
    found = look(tmp_path, [tmp_path / "a.csv", tmp_path / "b.csv"])
    assert found.managers == ["Анна Ким", "Борис Пак", "Яна Ли"]
    assert list(found.pipelines) == ["Новые продажи", "Повторные", "Опт"]
    assert ("Замер", "open") in found.pipelines["Новые продажи"]


def test_names_that_yaml_would_change(tmp_path):
    names = [
        "yes",
        "0012",
        "12:30",
        "a: b",
        "# no",
        '"q"',
        "*x",
        "\\",
        "next\u0085line",
        "ем\u2028ко",
        "{{ say }}",
        "'",
        "~",
    ]
    book = openpyxl.Workbook()
    for row in (
        ["deal id", "stage", "owner", "amount"],
        *([number, name, name, 1] for number, name in enumerate(names)),
    ):
        book.active.append(row)
    book.save(tmp_path / "d.xlsx")
    path, _ = write_client(tmp_path / "c", [tmp_path / "d.xlsx"], name="no", words=ENGLISH)
    client = read_client(path)
    assert client.name == "no"
    assert [stage.name for stage in client.pipelines[0].stages] == names
    assert {one.name for one in client.managers} == set(names)


def test_a_client_yml_is_never_overwritten(tmp_path, exports):
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "client.yml").write_text("mine", encoding="utf-8")
    with pytest.raises(RequestError, match="it is not overwritten"):
        write_client(folder, [exports / AMO], name="", words=ENGLISH)
    assert (folder / "client.yml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("headings", "said"),
    [
        # deals and tasks of Bitrix24 at once, with as many known headings of each
        (
            "ID,Стадия сделки,Сделка закрыта,Крайний срок,Ответственный,Постановщик",
            "what the rows of this file are",
        ),
        ("name,town", "what the rows of this file are"),
        ("a,b,c", "what the rows of this file are"),
    ],
)
def test_files_of_which_it_cannot_be_told_what_they_are(tmp_path, headings, said):
    (tmp_path / "x.csv").write_text(headings + "\n" + "1," * headings.count(",") + "1\n", encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        write_client(tmp_path / "client", [tmp_path / "x.csv"], name="", words=ENGLISH)
    assert said in str(caught.value.what)
    assert "templates/client.yml" in str(caught.value.remedy)
    assert not (tmp_path / "client").exists()


def test_two_crms_are_two_clients(tmp_path, exports):
    with pytest.raises(SourceError) as caught:
        write_client(tmp_path / "client", [exports / AMO, exports / BITRIX], name="", words=ENGLISH)
    assert str(caught.value.what) == "the files come from different CRMs: amocrm, bitrix24"
    assert not (tmp_path / "client").exists()


def test_ties_between_tables():
    assert tables_for(["sales agent", "team", "account", "city"]) == ["companies", "managers"]
    assert tables_for(["Task", "Due date", "Owner", "Completed"]) == ["tasks"]
    assert tables_for(["Deal ID", "Stage", "Entered at"]) == ["stage_changes"]


@pytest.mark.parametrize(
    ("headings", "table"),
    [
        ("ID,Название компании,Сфера деятельности,Город,ИНН,Ответственный,Дата создания", "companies"),
        ("ID,Контакт,Должность,Компания,Рабочий телефон,Дата создания", "contacts"),
        ("ID,Сделка,Дата,Вид,Направление,Тема,Описание,Ответственный", "activities"),
        ("ID,Контакт,Компания,Сумма,Дата создания", "deals"),  # a contact and a company, and no card of them
        ("ID,Ответственный,Дата создания", "deals"),
    ],
)
def test_lists_of_cards_and_journals_are_no_lists_of_deals(headings, table):
    assert tables_for(headings.split(",")) == [table]


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        ("Closed Won", "won"), ("Сделка успешна", "won"), ("Оплачено", "won"), ("Счёт не оплачен", "open"),
        ("Закрыто и не реализовано", "lost"), ("Анализ причины провала", "lost"), ("Отказ клиента", "lost"),
        ("Переговоры", "open"), ("", "open"),
    ],
)  # fmt: skip
def test_what_a_stages_name_says(stage, kind):
    assert kind_of(stage) == kind


@pytest.mark.parametrize("crm", ["bitrix24", "hubspot", "pipedrive", "salesforce", "1c", "plain"])
def test_what_is_found_gives_the_figures_of_the_settings_that_are_known(tmp_path, crm):
    simulate_to(tmp_path / "known", crm=crm, deals=120, seed=3)
    known = read_client(tmp_path / "known")
    files = [known.folder / entry.path for entry in known.files]
    client, found, _, _ = written(tmp_path / "found", *files)
    assert [entry.table for entry in client.files] == [entry.table for entry in known.files]
    if crm in ("bitrix24", "hubspot", "salesforce"):  # they tell the history, and so the order
        assert [[stage.name for stage in one.stages] for one in client.pipelines] == [
            [stage.name for stage in one.stages] for one in known.pipelines
        ]
    assert sorted(one.name for one in client.managers) == sorted(one.name for one in known.managers)
    names = ["new_deals", "won_deals", "lost_deals", "revenue", "open_deals"]
    told = evaluate(names, load(known))["value"]
    assert evaluate(names, found)["value"].tolist() == told.tolist()


def test_flags_tell_which_stages_close():
    deals = pd.DataFrame({"stage": ["A", "B", "B", "C"], "status": ["open", "Won", "won", "lost"]})
    assert kinds_told(deals) == {"B": "won", "C": "lost"}
    # deals that keep the stage in which they were closed tell nothing
    assert kinds_told(deals.assign(stage="A")) == {}


@pytest.mark.parametrize(
    "headings",
    ["case:concept:name,concept:name,time:timestamp,org:resource", "Case ID,Activity,Timestamp,User"],
)
def test_history_without_a_list_of_deals(tmp_path, headings):
    """The names of event logs are known; the order of the stages is that of the history."""
    log = tmp_path / "log.csv"
    rows = [
        "007,Offer,2026-01-03T10:00:00Z,Ann",
        "007,Call,2026-01-01T10:00:00Z,Bob",
        "8,Call,2026-01-02,Ann",
        "8,OFFER,2026-01-04,Bob",  # no second stage
    ]
    log.write_text("\n".join([headings, *rows, ""]), encoding="utf-8")
    client, crm, points, _ = written(tmp_path / "c", log)
    assert [entry.table for entry in client.files] == ["stage_changes"]
    assert crm.deals["deal_id"].tolist() == ["007", "8"]
    assert crm.tables["stage_changes"]["manager_id"].tolist() == ["Bob", "Ann", "Ann", "Bob"]
    assert [stage.name for stage in client.pipelines[0].stages] == ["Call", "Offer"]
    assert [one.name for one in client.managers] == ["Ann", "Bob"]
    assert points[-1] == "Put the stages into their order and check which are won and lost."


def test_most_rows_of_deals_seen_before_make_a_history(tmp_path):
    """Amounts and reps would make a list of it, but of five rows three are of deals that came before."""
    log = tmp_path / "log.csv"
    rows = [
        "1,Call,2026-01-01",
        "1,Offer,2026-01-02",
        "1,Won,2026-01-05",
        "2,Call,2026-01-01",
        "2,Offer,2026-01-03",
    ]
    text = "\n".join(["Opportunity ID,Stage,Date,Amount,Owner", *(f"{row},10,Ann" for row in rows), ""])
    log.write_text(text, encoding="utf-8")
    client, crm, *_ = written(tmp_path / "c", log)
    assert [entry.table for entry in client.files] == ["stage_changes"]
    assert len(crm.tables["stage_changes"]) == 5
    assert [(one.name, one.kind) for one in client.pipelines[0].stages] == [
        ("Call", "open"), ("Offer", "open"), ("Won", "won"),
    ]  # fmt: skip


def test_a_number_alone_does_not_make_a_list_of_deals(tmp_path):
    assert tables_for(["Record ID", "Property name", "Property value"]) == []
    assert tables_for(["ID", "TYPE_ID", "OWNER_ID", "CREATED_TIME", "STAGE_ID"]) == ["stage_changes"]
