"""Each file is parsed once; the cache is believed as long as nothing has changed and all of it is whole."""

from __future__ import annotations

import os
import random

import pandas as pd
import pytest

from crmkit.client import read_client
from crmkit.errors import SourceError
from crmkit.folder import whole_folder, write_whole
from crmkit.schema import TABLES
from crmkit.sources import assemble
from crmkit.sources.load import load, load_report, load_tables

SETTINGS = (
    "plan: plan.csv\n"
    "files:\n"
    "  - path: deals.csv\n    table: deals\n"
    "    columns: {id: deal_id, made: created_at, who: manager_id, sum: amount, rep: is_repeat}\n"
)
FILES = {
    "deals.csv": "id,made,who,sum,rep,Town\n1,2026-01-10,Ann,5,yes,Омск\n2,2026-01-11,Bob,,,\n",
    "plan.csv": "period_start,value\n2026-01-01,100\n",
}


@pytest.fixture
def client(make):
    return make(SETTINGS, FILES).client


@pytest.fixture
def unread(monkeypatch):
    """Refuse to parse any file."""

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("a file was parsed again")

    monkeypatch.setattr(assemble, "read_raw", refuse)


def test_the_second_load_parses_nothing(client, unread):
    crm = load(client)
    assert crm.deals["amount"].fillna(-1).tolist() == [5, -1]
    assert load_report(client).files["rows_kept"].tolist() == [2]
    # other words, another moment: the same data
    again = client.model_copy(update={"name": "Other", "language": "ru", "as_of": None})
    again._folder = client.folder
    assert load(again, "2026-01-10").deals["deal_id"].tolist() == ["1"]


def test_the_cached_tables_are_those_that_were_read(make):
    fresh = make(SETTINGS, FILES)
    tables, meta, report = load_tables(fresh.client)
    assert set(tables) == set(TABLES)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, fresh.crm.tables[name])
    assert frozenset(meta["supplied"]) == fresh.crm.supplied
    assert report.columns.to_dict("records") == fresh.report.columns.to_dict("records")


@pytest.mark.parametrize("change", ["byte", "plan", "setting"])
def test_what_changed_is_read_again(client, unread, change):
    if change == "setting":
        path = client.folder / "client.yml"
        path.write_text(
            path.read_text(encoding="utf-8").replace("currency: RUB", "currency: USD"), encoding="utf-8"
        )
    else:
        name = {"byte": "deals.csv", "plan": "plan.csv"}[change]
        path = client.folder / name
        times = path.stat()
        path.write_bytes(path.read_bytes().replace(b"10", b"12"))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # the content counts, not the time
    with pytest.raises(AssertionError, match="parsed again"):
        load(read_client(client.folder))


def test_a_damaged_cache_is_made_anew(client):
    (place,) = (client.state / "cache").iterdir()
    before = load(client).deals
    for name in ("deals.parquet", "meta.json", "report_notes.parquet"):
        path = place / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        pd.testing.assert_frame_equal(load(client).deals, before)
        assert path.stat().st_size > 10
    (place / "tasks.parquet").unlink()
    pd.testing.assert_frame_equal(load(client).deals, before)
    assert [one.name for one in (client.state / "cache").iterdir()] == [place.name]


def test_many_names_are_kept_apart_from_their_codes(client, monkeypatch):
    import shutil

    before = load(client).tables
    shutil.rmtree(client.state)
    monkeypatch.setattr("crmkit.sources.load.WIDE", 0)
    load(client)
    (apart,) = (client.state / "cache").glob("*/deals.manager_id.parquet")
    assert pd.read_parquet(apart)["manager_id"].tolist() == ["Ann", "Bob"]
    for again in (load(client), apart.unlink() or load(client)):  # without the names all is read anew
        for name in TABLES:
            pd.testing.assert_frame_equal(again.tables[name], before[name])
    assert apart.exists()


def test_a_write_that_fails_leaves_no_cache(client, monkeypatch):
    import shutil

    shutil.rmtree(client.state)
    written = []

    def fail(frame: pd.DataFrame, path: object, **options: object) -> None:
        written.append(path)
        if len(written) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", fail)
    assert load(client).deals["deal_id"].tolist() == ["1", "2"]  # what cannot be kept is read anew
    assert list((client.state / "cache").iterdir()) == []


def test_a_refused_export_leaves_nothing(make, tmp_path):
    (tmp_path / "client.yml").write_text(
        "format: 1\nname: x\nfiles: [{path: d.csv, table: deals}]\n", encoding="utf-8"
    )
    (tmp_path / "d.csv").write_text("deal_id\n", encoding="utf-8")
    with pytest.raises(SourceError):
        load(read_client(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["client.yml", "d.csv"]


def test_the_order_of_rows_in_the_files_changes_nothing(make, fixtures):
    settings = (
        "crm: bitrix24\nfiles:\n"
        "  - {path: deals.csv, table: deals}\n"
        "  - {path: tasks.csv, table: tasks}\n"
        "  - path: moves.csv\n    table: stage_changes\n"
        "    columns: {deal: deal_id, at: changed_at, to: to_stage}\n"
        "  - {path: people.csv, table: managers, columns: {who: name, group: team}}\n"
        "  - {path: firms.csv, table: companies, columns: {firm: name}}\n"
    )
    deals = (fixtures / "DEAL_20260331_1f2e3d4c.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    texts = {
        # without product rows, of which the first is kept
        "deals.csv": "".join(line for line in deals if not line.startswith('"101"')),
        "tasks.csv": (fixtures / "tasks_2026-03-31.csv").read_text(encoding="utf-8"),
        "moves.csv": "deal,at,to\n102,2026-02-03 10:00,Новая\n102,2026-02-04 10:00,Переговоры\n"
        "103,2026-02-10 12:00,Новая\n104,2026-02-11 12:00,Новая\n",
        "people.csv": "who,group\nАнна Ким,Север\nБорис Пак,Юг\nЯна Ли,Юг\n",
        "firms.csv": 'firm\n"ООО ""Луч"""\nFar Ltd\nБор\n',
    }  # fmt: skip
    shuffled = {}
    for name, text in texts.items():
        head, *rows = text.splitlines(keepends=True)
        random.Random(7).shuffle(rows)
        shuffled[name] = head + "".join(rows)
    one, other = make(settings, texts), make(settings, shuffled)
    for name in TABLES:
        pd.testing.assert_frame_equal(
            one.crm.tables[name].drop(columns="line"), other.crm.tables[name].drop(columns="line")
        )
    assert one.deals["line"].tolist() != other.deals["line"].tolist()
    assert {key: count for key, (count, _) in one.notes.items()} == {
        key: count for key, (count, _) in other.notes.items()
    }


def test_files_and_folders_appear_whole_or_not_at_all(tmp_path):
    write_whole(tmp_path / "new" / "a.txt", b"one")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"one"
    with pytest.raises(TypeError):
        write_whole(tmp_path / "new" / "a.txt", "text")  # type: ignore[arg-type]
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"one"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.txt"]
    with pytest.raises(RuntimeError), whole_folder(tmp_path / "folder") as place:
        (place / "half").touch()
        raise RuntimeError
    assert not (tmp_path / "folder").exists()
    with whole_folder(tmp_path / "folder") as place:
        (place / "first").touch()
    with whole_folder(tmp_path / "folder") as place:  # another process was first: its folder stays
        (place / "second").touch()
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["first"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "new"]
