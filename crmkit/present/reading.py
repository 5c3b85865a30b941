"""Sentences for how a file was read, and how the numbers of a column are written."""

from __future__ import annotations

from crmkit.errors import N_

#: How a file was read.
DECISIONS = {
    "kind": N_("format"),
    "encoding": N_("encoding"),
    "delimiter": N_("fields are divided by"),
    "sheet": N_("sheet"),
    "other_sheets": N_("other sheets, not read"),
    "quotes": N_("quotation marks are marked by"),
    "damaged_numbers": N_("columns with rounded numbers"),
    "damaged_characters": N_("damaged characters"),
    "control_characters": N_("control characters, taken out"),
    "heading_line": N_("line of the headings"),
}

#: How the numbers of a column are written; how dates are stands for itself.
READ_AS = {
    "whole numbers": N_("whole numbers"),
    "decimal point": N_("decimal point"),
    "decimal comma": N_("decimal comma"),
    "decimal comma and decimal point": N_("decimal comma and decimal point"),
}
