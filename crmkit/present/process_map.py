"""The process map: stages on a line down the page, jumps ahead on the right, returns on the left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from crmkit.limits import Limits
from crmkit.present.drawing import Diagram, cuts
from crmkit.present.formats import Formats
from crmkit.present.gates import Cases
from crmkit.present.map_layout import MapLayout, Move, Node
from crmkit.present.tables import Column, Table
from crmkit.present.texts import is_missing
from crmkit.stages import KINDS, StageOrder

if TYPE_CHECKING:
    import pandas as pd


def process_map(
    edges: pd.DataFrame, order: StageOrder, formats: Formats, *, pipeline: int | None = None,
    name: str = "process_map", starts: pd.DataFrame | None = None, most: int = 30,
) -> Diagram:  # fmt: skip
    """Draw how deals went from stage to stage.

    Parameters
    ----------
    edges: as ``directly_follows`` returns them: codes ``stage`` and ``next_stage``, ``n``, ``timed``,
        ``median_days``.
    order: the stages that the codes mean. pipeline: code of the one that is drawn; ``None`` for all stages.
    starts: how many deals began where: ``stage``, ``n``.
    most: if there are more ways, only so many of the commonest are drawn, and each stage's commonest way
        out. How much is hidden is told in the notes.

    Returns
    -------
    Diagram: a box a stage; a way to a lost stage ends in a mark beside its box.
    """
    codes = _drawn(edges, order, pipeline)
    place = {code: index for index, code in enumerate(codes)}
    whole = edges[edges["stage"].isin(codes) & edges["next_stage"].isin(codes)]
    columns = (whole[key].tolist() for key in ("stage", "next_stage", "n", "timed", "median_days"))
    moves = [
        Move(place[a], place[b], int(n), int(timed), None if is_missing(days) else float(days))
        for a, b, n, timed, days in zip(*columns, strict=True)
    ]
    nodes = _nodes(codes, order, formats, moves=moves, starts=starts)
    shown = commonest(moves, most)
    names = [node.name for node in nodes]
    table = _table(moves, shown, names, name=name, formats=formats)
    whose = order.table["pipeline"].iloc[codes[0]] if pipeline is not None and len(order.sizes) > 2 else ""
    whose = "" if is_missing(whose) else str(whose)
    title = _title(moves, [node.kind for node in nodes], formats, pipeline=whose)
    elsewhere = int(edges["n"].sum()) - sum(move.n for move in moves)
    notes = _notes(moves, shown, formats, elsewhere=elsewhere if pipeline is not None else 0)
    laid = MapLayout(nodes, shown, formats)
    breaks = cuts(laid.gaps(), laid.height)
    alt = formats.words.say(
        "Process map: {title}. {stages}",
        title=title.rstrip("."),
        stages="; ".join(f"{n.name}: {n.said}" for n in nodes),
    )
    return Diagram(name, title, alt, laid.width, laid.height, laid.drawn(), notes, breaks, table)


def pipelines_by_moves(edges: pd.DataFrame, order: StageOrder) -> list[int]:
    """Return the codes of the pipelines in which deals moved, that with most moves first."""
    here, there = (order.pipelines[edges[key].to_numpy(np.int64)] for key in ("stage", "next_stage"))
    inside = (here >= 0) & (here == there)
    moves = np.bincount(here[inside], weights=edges["n"].to_numpy()[inside])
    return [int(code) for code in np.argsort(-moves, kind="stable") if moves[code] > 0]


def commonest(moves: Sequence[Move], most: int) -> list[Move]:
    """Return the moves that are drawn, in their order (see :func:`process_map`)."""
    by_n = sorted(range(len(moves)), key=lambda index: (-moves[index].n, index))
    out: dict[int, int] = {}
    for index in by_n:
        out.setdefault(moves[index].source, index)
    chosen = {*by_n[:most], *out.values()}
    return [move for index, move in enumerate(moves) if index in chosen]


def _drawn(edges: pd.DataFrame, order: StageOrder, pipeline: int | None) -> list[int]:
    """Return the codes of the stages on the map: open ones in order, then won, then lost."""
    used = np.zeros(len(order.kinds), dtype=bool)
    used[edges["stage"].to_numpy(np.int64)] = used[edges["next_stage"].to_numpy(np.int64)] = True
    if pipeline is not None:
        used &= order.pipelines == pipeline
    listed = (order.kinds == 0) & (order.pipelines >= 0 if pipeline is None else order.pipelines == pipeline)
    chosen = np.flatnonzero(used | listed)
    ranked = np.lexsort((order.places[chosen], order.positions[chosen], order.kinds[chosen]))
    return [int(code) for code in chosen[ranked]]


def _nodes(
    codes: Sequence[int], order: StageOrder, formats: Formats, *, moves: Sequence[Move],
    starts: pd.DataFrame | None,
) -> list[Node]:  # fmt: skip
    began = {} if starts is None else dict(zip(starts["stage"].tolist(), starts["n"].tolist(), strict=True))
    words, nodes = formats.words, []
    for index, code in enumerate(codes):
        first = int(began.get(code, 0))
        entered = first + sum(move.n for move in moves if move.target == index)
        said = words.plural("{n} entry", "{n} entries", entered)
        if first:
            said = words.say("{entries}, began here: {n}", entries=said, n=formats.count(first))
        nodes.append(Node(str(order.table["stage"].iloc[code]), KINDS[order.kinds[code]], said))
    return nodes


def _title(moves: Sequence[Move], kinds: Sequence[str], formats: Formats, *, pipeline: str = "") -> str:
    """Return the finding that a map shows: how many moves went back.

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


def _notes(
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


def _table(
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
