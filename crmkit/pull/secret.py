"""The token: where it comes from, and that nobody sees it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from crmkit.errors import N_, SettingsError

VARIABLE = "CRMKIT_TOKEN"
_SIGNS = re.compile(r"[A-Za-z0-9._~+/=-]{8,}")
_WEBHOOK = re.compile(r"(\d+)/([A-Za-z0-9]{8,})")


class Secret:
    """A text that only ``reveal`` shows."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Secret(…)"

    def reveal(self) -> str:
        """Return the text, to send it and for nothing else."""
        return self._text

    def hide(self, content: str) -> str:
        """Return a content without the secret, however it is written there."""
        for form in (self._text, self._text.replace("/", "\\/"), quote(self._text, safe="")):
            content = content.replace(form, "***")
        return content

    def hide_in(self, content: bytes) -> bytes:
        """Return bytes without the secret, and unchanged where it is not in them."""
        for form in (self._text, self._text.replace("/", "\\/"), quote(self._text, safe="")):
            content = content.replace(form.encode(), b"***")
        return content


def find_token(folder: Path, account: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the token of an account from the environment, else from the keyring.

    Parameters
    ----------
    folder: the client's folder; ``clients/romashka-2`` looks for ``CRMKIT_TOKEN_ROMASHKA_2`` first.
    account: the address of the account.

    Raises
    ------
    SettingsError: there is none, or it cannot be one.
    """
    slug = re.sub(r"[^A-Z0-9]+", "_", folder.resolve().name.upper()).strip("_")
    names = [f"{VARIABLE}_{slug}", VARIABLE] if slug else [VARIABLE]
    host = urlsplit(account).netloc
    where = next((name for name in names if environ.get(name, "").strip()), "keyring")
    token = (environ.get(where) or _of_keyring(host)).strip()
    if not token:
        raise SettingsError(
            names[0],
            N_("there is no token for {host}", host=host),
            remedy=N_(
                "Put it into the environment variable {variable}, or: keyring set crmkit {host}. docs/pull.md says where to get it.",  # noqa: E501
                variable=names[0],
                host=host,
            ),
        )
    if not _SIGNS.fullmatch(token.removeprefix("https://").removeprefix("http://").replace(":", "")):
        raise SettingsError(
            where,
            N_("this cannot be a token"),
            remedy=N_("Copy it anew, whole and without quotes or spaces."),
        )
    return token


def webhook(token: str, account: str) -> tuple[str, str]:
    """Return the user and the code of an inbound webhook of Bitrix24, given as ``USER/CODE`` or whole.

    Raises
    ------
    SettingsError: it is none, or that of another account.
    """
    place = urlsplit(token)
    if place.netloc and place.netloc.lower() != urlsplit(account).netloc:
        raise SettingsError(
            VARIABLE,
            N_("the webhook belongs to another account than {account}", account=account),
            remedy=N_("Correct account in client.yml, or take this account's webhook."),
        )
    found = _WEBHOOK.fullmatch(place.path.strip("/").removeprefix("rest/"))
    if not found:
        raise SettingsError(
            VARIABLE,
            N_("this is no webhook of Bitrix24"),
            remedy=N_("Copy the address of an inbound webhook, such as https://firm.bitrix24.ru/rest/1/…/"),
        )
    return found[1], found[2]


def _of_keyring(host: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return ""
    try:
        return keyring.get_password("crmkit", host) or ""
    except KeyringError:
        return ""
