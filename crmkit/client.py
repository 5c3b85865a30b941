"""``client.yml`` into a validated ``Client``: every mistake at once, each with its place and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmkit.errors import N_, Refusals, SettingsError, did_you_mean

if TYPE_CHECKING:
    from crmkit.settings import Client

__all__ = ["Client", "did_you_mean", "read_client"]


def read_client(place: str | Path) -> Client:
    """Read and check a client's settings.

    Parameters
    ----------
    place: a folder that holds ``client.yml``, or that file.

    Raises
    ------
    Refusals or SettingsError: what is wrong, all of it, each with its place and what to do.
    """
    from pydantic import ValidationError

    from crmkit.contradictions import contradictions
    from crmkit.mistakes import place_of, translate
    from crmkit.settings import Client
    from crmkit.yamlfile import read_yaml

    path = Path(place)
    if path.is_dir() or path.suffix.lower() not in (".yml", ".yaml"):
        path = path / "client.yml"
    data, lines = read_yaml(path)
    if not isinstance(data, dict):
        raise SettingsError(
            path.name,
            N_("the file holds no settings"),
            remedy=N_("Make one with «crmkit new FOLDER EXPORT…», or copy templates/client.yml."),
        )
    try:
        client = Client.model_validate(data)
    except ValidationError as error:
        raise Refusals(
            [translate(item, place_of(item["loc"], path.name, lines), Client) for item in error.errors()]
        ) from error
    client._folder = path.parent
    problems = [
        SettingsError(place_of(key, path.name, lines), what, samples, remedy)
        for key, what, samples, remedy in contradictions(client)
    ]
    if problems:
        raise Refusals(problems)
    return client


def __getattr__(name: str) -> Any:
    """Import the settings, and pydantic with them, only where they are asked for."""
    if name != "Client":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from crmkit.settings import Client

    return Client
