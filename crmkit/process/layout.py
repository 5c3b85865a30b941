"""The workbook of a description: its sheets and columns by key, and what they are called in a language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from crmkit.process.wording import fold

#: The sheets that are read, and their columns in order; «number» and «step» tie a sub-process to its step.
SHEETS: Mapping[str, tuple[str, ...]] = {
    "steps": (
        "number", "stage", "name", "kind", "inputs", "outputs", "responsible", "task_setter", "result_users",
        "goal", "tasks", "actions", "key_success_factor", "crm_entities", "required_fields", "automations",
        "kpi", "target", "norm", "norm_unit", "cost_per_case", "expected_conversion", "variables", "problems",
        "crm_stages", "optional", "replaces",
    ),
    "sub_processes": ("number", "step", "name", "department", "owner", "norm", "norm_unit", "kpi"),
    "stages": ("name", "owner", "exit", "kind"),
    "roles": ("name", "crm_role"),
}  # fmt: skip
#: Sheets that are written for the reader only.
TOLD = ("crm_stages", "help")
HEAD = ("name", "version", "dated")
#: Columns in which one merged cell stands for each row that it spans.
SPREADS = {
    "steps": {"stage", "kind", "responsible", "task_setter", "result_users", "norm_unit", "optional"},
    "sub_processes": {"number", "step", "department", "owner", "norm_unit"},
    "stages": {"owner", "kind"},
    "roles": {"crm_role"},
}
LISTS = {
    "responsible", "result_users", "tasks", "actions", "crm_entities", "required_fields", "automations",
    "variables", "problems", "replaces",
}  # fmt: skip


@dataclass(frozen=True)
class BookWords:
    """What a workbook's sheets, headings and fixed values are called in one language.

    Attributes
    ----------
    language: ``ru`` or ``en``.
    sheets: titles by key (see :data:`SHEETS`, :data:`TOLD`).
    columns: headings by sheet and column; under ``head`` those of the title row.
    values: words by group and code; groups: ``results``, ``kinds``, ``units``, ``versions``, ``answers``,
        ``fields`` (of a card, required by a step).
    """

    language: str
    sheets: Mapping[str, str]
    columns: Mapping[str, Mapping[str, str]]
    values: Mapping[str, Mapping[str, str]]

    @cached_property
    def codes(self) -> Mapping[str, Mapping[str, str]]:
        """Codes by group and folded word; a code is a word for itself."""
        return {
            group: {fold(code): code for code in words} | {fold(word): code for code, word in words.items()}
            for group, words in self.values.items()
        }


def codes_of(words: Sequence[BookWords], group: str) -> dict[str, str]:
    """Return the codes of a group by their folded words in all languages."""
    return {word: code for one in words for word, code in one.codes[group].items()}
