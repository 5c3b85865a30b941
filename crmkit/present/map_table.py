"""What is said of a process map: its title, its notes, and its figures as a table."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit.limits import Limits
from crmkit.present.formats import Formats
from crmkit.present.gates import Cases
from crmkit.present.map_layout import Move
from crmkit.present.tables import Column, Table


def map_title(moves: Sequence[Move], kinds: Sequence[str], formats: Formats, *, pipeline: str = "") -> str:
    """Return the finding that a map shows if nothing else is said: how many moves went back.

    Parameters
    ----------
    pipeline: its name, where there are several.
    """
    words, whole = formats.words, sum(move.n for move in moves)
    back = sum(move.n for move in moves if move.target <= move.source and kinds[move.source] == "open")
    if not whole:
        return words.say("No deal moved from one stage to another.")
    if whole < Limits().compared_cases:
        told = formats.k_of_n(back, whole)
        said = words.say("How deals go from stage to stage: moves back {told}", told=told)
    else:
        told = formats.share(back / whole, 0 if 10 * back >= whole or not back else 1)
        said = words.say("How deals go from stage to stage: {share} of the moves go back", share=told)
    return f"{pipeline}. {said}" if pipeline else said


def map_notes(
    moves: Sequence[Move], shown: Sequence[Move], formats: Formats, *, elsewhere: int
) -> tuple[str, ...]:
    """Return how to read a map, and how much it hides.

    Parameters
    ----------
    elsewhere: moves that touch a stage which is not on the map.
    """
    words, whole = formats.words, sum(move.n for move in moves)
    hidden, rest = len(moves) - len(shown), whole - sum(move.n for move in shown)
    said = [
        words.say(
            "On every arrow: how many times deals went that way, and the median time from entering the one"
            " stage to entering the other. The thicker and darker, the more often."
        )
    ]
    if hidden:
        said.append(
            words.plural(
                "{n} rare way is hidden: {share} of the {moves} moves. The table has it.",
                "{n} rare ways are hidden: {share} of the {moves} moves. The table has them.",
                hidden,
                share=formats.share(rest / whole),
                moves=formats.count(whole),
            )
        )
    if elsewhere:
        said.append(
            words.plural(
                "{n} move within or to another pipeline is not on this map.",
                "{n} moves within or to other pipelines are not on this map.",
                elsewhere,
            )
        )
    return tuple(said)


def map_table(
    moves: Sequence[Move], shown: Sequence[Move], names: Sequence[str], *, name: str, formats: Formats
) -> Table:
    """Return every way with its figures, the most frequent first."""
    words, whole = formats.words, sum(move.n for move in moves)
    ranked = sorted(moves, key=lambda move: -move.n)
    drawn = {True: words.say("yes"), False: words.say("no")}
    cells = [
        (names[m.source], names[m.target], m.n, m.n / whole if whole else None, m.days, drawn[m in shown])
        for m in ranked
    ]
    columns = (
        Column("stage", words.say("From")), Column("next_stage", words.say("To")),
        Column("n", words.say("Moves"), "count"), Column("share", words.say("Share of the moves"), "share"),
        Column("median_days", words.say("Median time, days"), "number"),
        Column("drawn", words.say("On the map")),
    )  # fmt: skip
    return Table(
        name, words.say("How deals go from stage to stage"), columns, tuple(cells),
        language=formats.language, currency=formats.currency,
        cases={"median_days": tuple(Cases(n=m.timed) for m in ranked)},
    )  # fmt: skip
