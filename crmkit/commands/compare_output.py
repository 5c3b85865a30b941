"""What all commands of ``crmkit compare`` share: opening a client, and telling what was compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmkit.commands.terminal import print_json, user_language

if TYPE_CHECKING:
    from crmkit.present.study import Study


def opened(client: Path, as_of: str, period: str) -> Study:
    """Open a client in the language of the terminal.

    Raises
    ------
    CrmkitError: settings, files or a period that cannot be used.
    """
    from crmkit.present.study import open_study

    return open_study(client, as_of, user_language(), period)


def print_told(study: Study, content: Mapping[str, Any], notes: Iterable[str] = ()) -> None:
    """Print what programs read of a comparison: the day, what was found, what is to be known with it."""
    print_json(_known({"as_of": study.crm.as_of, **content, "notes": list(notes)}))


def _known(value: Any) -> Any:
    """Return a value as JSON has it, with what it holds: what is not known is null."""
    from crmkit.measures.records import plain

    if isinstance(value, Mapping):
        return {str(name): _known(one) for name, one in value.items()}
    return [_known(one) for one in value] if isinstance(value, list | tuple) else plain(value)


def span(study: Study) -> dict[str, str]:
    """Return the period of a study as programs read it."""
    from crmkit.measures import borders

    first, after = borders(study.crm, study.period).days()
    return {"start": first.isoformat(), "end": after.isoformat(), "name": study.period.name}
