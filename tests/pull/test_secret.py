"""The token: found where it may be, refused where it may not, and seen nowhere."""

from __future__ import annotations

import copy
import logging
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from crmkit.client import read_client
from crmkit.errors import CrmkitError, PullError, SettingsError
from crmkit.pull import pull
from crmkit.pull.secret import Secret, find_token, webhook
from tests.pull.conftest import (
    AMO,
    BITRIX,
    CODE,
    CUT,
    TOKEN,
    Portal,
    amo_answer,
    bitrix_answer,
    dumped,
    make_client,
)

ACCOUNT = "https://firm.amocrm.ru"


def test_the_clients_own_variable_comes_first():
    environ = {"CRMKIT_TOKEN_ROMASHKA_55E9": "x" * 20, "CRMKIT_TOKEN": "y" * 20}
    assert find_token(Path("clients/romashka-55e9"), ACCOUNT, environ) == "x" * 20
    assert find_token(Path("clients/vektor"), ACCOUNT, environ) == "y" * 20
    assert find_token(Path("clients/ромашка"), ACCOUNT, environ) == "y" * 20


def test_else_the_keyring_is_asked(monkeypatch):
    asked = []
    errors = types.ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})
    keyring = types.ModuleType("keyring")
    keyring.get_password = lambda service, user: asked.append((service, user)) or "k" * 20
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    assert find_token(Path("clients/vektor"), ACCOUNT, {}) == "k" * 20
    assert asked == [("crmkit", "firm.amocrm.ru")]


def test_without_a_token_it_is_said_where_to_put_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SettingsError) as caught:
        find_token(Path("clients/vektor"), ACCOUNT, {})
    assert caught.value.where == "CRMKIT_TOKEN_VEKTOR" and "keyring set crmkit" in str(caught.value.remedy)


@pytest.mark.parametrize("token", ["short", "two words here", "quoted'token'here", "line\nbreak-in-it"])
def test_what_cannot_be_a_token_is_refused_unseen(token):
    with pytest.raises(SettingsError) as caught:
        find_token(Path("clients/vektor"), ACCOUNT, {"CRMKIT_TOKEN": token})
    assert token not in str(caught.value)


def test_a_webhook_whole_or_in_short():
    account = "https://firm.bitrix24.ru"
    for written in (f"17/{CODE}", f"/17/{CODE}/", f"https://firm.bitrix24.ru/rest/17/{CODE}/"):
        assert webhook(find_token(Path("x"), account, {"CRMKIT_TOKEN": written}), account) == ("17", CODE)
    for written in (f"https://other.bitrix24.ru/rest/17/{CODE}/", CODE, f"17/{CODE}/crm.deal.list"):
        with pytest.raises(SettingsError) as caught:
            webhook(written, account)
        assert CODE not in str(caught.value)


def test_a_secret_does_not_show_itself():
    secret = Secret("a/b+c_token")
    assert "token" not in repr(secret)
    assert secret.hide("a/b+c_token a\\/b+c_token a%2Fb%2Bc_token") == "*** *** ***"
    assert secret.hide_in(b'{"a": "\xff", "b": "a\\/b+c_token"}') == b'{"a": "\xff", "b": "***"}'


@pytest.mark.parametrize(
    "line",
    [
        f"token: {CODE}", f"password: {CODE}", f"webhook: https://firm.bitrix24.ru/rest/1/{CODE}/",
        f"api_key: {CODE}", f"account: https://firm.bitrix24.ru/rest/1/{CODE}/",
        f"account: https://me:{CODE}@firm.amocrm.ru", f"account: https://firm.amocrm.ru/?key={CODE}",
        "account: http://firm.amocrm.ru", "account: firm.amocrm.ru", "account: https://[firm",
    ],
)  # fmt: skip
def test_settings_with_a_secret_or_an_unsafe_address_are_refused_unseen(tmp_path, line):
    (tmp_path / "client.yml").write_text(f"format: 1\nname: Firm\ncrm: bitrix24\napi: api\n{line}\n")
    with pytest.raises(CrmkitError) as caught:
        read_client(tmp_path)
    told = str(caught.value)
    assert CODE not in told
    assert ("secret" in told) if not line.startswith("account") else ("not the address of an account" in told)


def test_the_address_is_kept_as_an_origin(tmp_path):
    assert make_client(tmp_path, "amocrm", "https://Firm.amoCRM.ru/").account == ACCOUNT


def test_only_crms_with_a_known_interface_are_pulled(tmp_path):
    (tmp_path / "d.csv").write_text("deal_id\n1\n")
    text = (
        "format: 1\nname: F\ncrm: hubspot\naccount: https://f.example\nfiles: [{path: d.csv, table: deals}]\n"
    )
    (tmp_path / "client.yml").write_text(text)
    with pytest.raises(SettingsError, match="amocrm, bitrix24"):
        pull(read_client(tmp_path), environ={"CRMKIT_TOKEN": TOKEN})
    (tmp_path / "client.yml").write_text(
        text.replace("hubspot", "amocrm").replace("account: https://f.example\n", "")
    )
    with pytest.raises(SettingsError, match=r"https://firm\.amocrm\.ru"):
        pull(read_client(tmp_path), environ={"CRMKIT_TOKEN": TOKEN})


def echo(asked):
    """Answer with all that was asked, as an error page may."""
    return dumped({"error": "X", "error_description": f"{asked.path} {asked.headers} {asked.body}"})


@pytest.mark.parametrize(
    ("crm", "token", "secret"), [("amocrm", TOKEN, TOKEN), ("bitrix24", f"1/{CODE}", CODE)]
)
def test_the_token_is_written_and_said_nowhere(
    serve, tmp_path, patience, monkeypatch, caplog, capsys, crm, token, secret
):
    caplog.set_level(logging.DEBUG)
    answers = amo_answer(copy.deepcopy(AMO)) if crm == "amocrm" else bitrix_answer(copy.deepcopy(BITRIX))
    portal = serve(Portal(answers))

    def telling(asked):
        """Put the secret into good answers, as links to files of Bitrix24 do."""
        status, content = answers(asked)
        link = f', "urlMachine": "https:\\/\\/f.example\\/rest\\/1\\/{secret}\\/x"}}'.encode()
        return status, content and content[:-1] + link

    client = make_client(tmp_path, crm, portal.address)
    told = []
    for number, trouble in enumerate(
        [(401, b""), (500, b""), CUT, (302, b"", {"Location": f"/rest/1/{secret}/"}), (400, b""), (429, b"")]
    ):
        portal.asked.clear()
        portal.troubles = {0: trouble}
        if trouble[0] in (401, 500, 400):
            portal.troubles = {}
            portal.answer = lambda asked, status=trouble[0]: (status, echo(asked))
        with pytest.raises(PullError) as caught:
            pull(
                client,
                clock=patience.clock,
                environ={"CRMKIT_TOKEN": token},
                tell=lambda one: told.append(repr(one)),
            )
        assert caught.value.__cause__ is None and caught.value.__context__ is None, number
        told.append(repr(caught.value) + str(caught.value))
    monkeypatch.setattr(portal, "troubles", {})
    portal.answer = telling
    came = pull(
        client, clock=patience.clock, environ={"CRMKIT_TOKEN": token}, tell=lambda one: told.append(repr(one))
    )
    told += [repr(came), caplog.text, *capsys.readouterr()]
    assert sum(one.records for one in came) > 10
    assert secret not in "".join(told)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 10 and any(b"***" in path.read_bytes() for path in written)
    assert not [path for path in written if secret.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "the CRM does not accept the token"), ("ru", "CRM не принимает токен")],
)
def test_a_refused_token_is_told_in_the_users_language(serve, tmp_path, language, said):
    portal = serve(Portal(lambda asked: (401, echo(asked))))
    make_client(tmp_path, "bitrix24", portal.address)
    environ = {"CRMKIT_TOKEN": f"1/{CODE}", "CRMKIT_LANGUAGE": language, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-m", "crmkit", "pull", str(tmp_path)],
        env=os.environ | environ, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 2 and said in done.stderr
    assert CODE not in done.stdout + done.stderr and "Traceback" not in done.stderr


def test_the_command_says_what_came_and_what_to_do_next(serve, tmp_path):
    portal = serve(Portal(bitrix_answer(copy.deepcopy(BITRIX))))
    portal.troubles = {13: (403, dumped({"error": "insufficient_scope"}))}
    make_client(tmp_path, "bitrix24", portal.address)
    environ = {"CRMKIT_TOKEN": f"1/{CODE}", "CRMKIT_LANGUAGE": "en", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-m", "crmkit", "pull", str(tmp_path)],
        env=os.environ | environ, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "deals: records 120, pages 3" in done.stderr
    assert "insufficient_scope" in done.stdout and f"crmkit load {tmp_path}" in done.stdout
    assert CODE not in done.stdout + done.stderr
