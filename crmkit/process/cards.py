"""Cards of improvement (plan, do, check, act): one problem, one plan, one check, in the client's folder."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, ValidationError, field_validator

from crmkit.errors import N_, CrmkitError, Refusals, SettingsError
from crmkit.folder import write_whole
from crmkit.mistakes import place_of, translate
from crmkit.parts import Day, Part
from crmkit.process.wording import Line, Lines, Named, Text, listed
from crmkit.process.yamlform import dumped
from crmkit.yamlfile import Lines as Places
from crmkit.yamlfile import read_yaml

if TYPE_CHECKING:
    from crmkit.process.bottlenecks import Bottlenecks

Metric: TypeAlias = Literal["conversion", "working_days"]
State: TypeAlias = Literal["plan", "do", "check", "act"]
MOST_CARDS = 1000


class Expected(Part):
    """What is hoped for: a change of the metric (a share: 0.05 is five points), money a month with limits."""

    change: float | None = None
    money_month: float | None = None
    low: float | None = None
    high: float | None = None


class Effect(Part):
    """What came: the metric before and after with their cases, and the difference with its 95 % interval."""

    before: float | None = None
    before_n: int = Field(default=0, ge=0)
    after: float | None = None
    after_n: int = Field(default=0, ge=0)
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    as_of: Day


class Card(Part):
    """One improvement of one step.

    Attributes
    ----------
    id: 1, 2, 3 … problem, evidence: what is wrong and how that is known. step: its name in the description,
        else the CRM stage. metric: by what the effect is measured, the conversion of the step or the median
        of its working days. plan: what is to be done, one thing an item. owner: who answers for it.
    started_on: from when the new way holds. due_on: until when the plan is to be carried out. check_on: the
        last day of the measurement. decision: what was decided after it. state: where the card stands.
    """

    id: int = Field(ge=1)
    state: State = "plan"
    problem: Named
    evidence: Text = ""
    step: Named
    metric: Metric = "conversion"
    plan: Lines = ()
    owner: Line = ""
    started_on: Day | None = None
    due_on: Day | None = None
    check_on: Day | None = None
    expected: Expected | None = None
    measured: Effect | None = None
    decision: Text = ""


class Cards(Part):
    """All cards of a client, as the file holds them."""

    format: Literal["1"] = "1"
    cards: Annotated[tuple[Card, ...], BeforeValidator(listed), Field(max_length=MOST_CARDS)] = ()

    @field_validator("format", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return str(value)


def cards_file(folder: Path) -> Path:
    """Return where a client's cards lie."""
    return folder / "process" / "cards.yml"


def read_cards(path: Path) -> tuple[Card, ...]:
    """Read the cards; without a file there are none.

    Raises
    ------
    Refusals or SettingsError: what is wrong, all of it, each with its line, key and what to do.
    """
    if not path.is_file():
        return ()
    data, lines = read_yaml(path)
    try:
        cards = Cards.model_validate({} if data is None else data).cards
    except ValidationError as error:
        raise Refusals(
            [translate(item, place_of(item["loc"], path.name, lines), Cards) for item in error.errors()]
        ) from error
    wrong = _contradictions(cards, path.name, lines)
    if wrong:
        raise Refusals(wrong)
    return cards


def write_cards(path: Path, cards: tuple[Card, ...]) -> None:
    """Write all cards; the file appears whole or not at all. Comments that a person wrote are not kept."""
    write_whole(path, dumped({"format": 1, "cards": cards}))


def next_id(cards: tuple[Card, ...]) -> int:
    """Return the number of the next card; numbers are never used again while their card is there."""
    return max((card.id for card in cards), default=0) + 1


def is_due(card: Card, as_of: date) -> bool:
    """Whether a card waits for its check, or its plan for being carried out, on the day described."""
    if card.state == "act":
        return False
    days = [card.check_on] if card.state == "check" else [card.due_on, card.check_on]
    return any(day is not None and day <= as_of for day in days)


def drafted(found: Bottlenecks, number: int, problem: str, evidence: str = "") -> Card | None:
    """Return a card for the recommended focus; ``None`` where nothing is recommended.

    Parameters
    ----------
    number: its ``id``. problem: the sentence that says what is wrong; evidence: how that is known.
    """
    if found.focus is None:
        return None
    row = found.ranking.loc[found.focus]
    money = found.unit == "money"
    hoped = Expected(
        change=_known(row["benchmark"] - row["conversion"], 4),
        money_month=_known(row["money_month"], 0) if money else None,
        low=_known(row["money_month_low"], 0) if money else None,
        high=_known(row["money_month_high"], 0) if money else None,
    )
    return Card(id=number, problem=problem, evidence=evidence, step=str(row["stage"]), expected=hoped)


def _known(value: float, places: int) -> float | None:
    return None if value != value else round(float(value), places)


def _contradictions(cards: tuple[Card, ...], name: str, lines: Places) -> list[CrmkitError]:
    """Return numbers that stand on several cards, and dates in an impossible order."""
    times = Counter(card.id for card in cards)
    wrong: list[CrmkitError] = []
    seen = set[int]()
    for ix, card in enumerate(cards):
        if card.id in seen and times[card.id] > 1:
            what = N_("the number {id} stands on several cards", id=card.id)
            remedy = N_("Give each card a number of its own.")
            wrong.append(SettingsError(place_of(("cards", ix, "id"), name, lines), what, remedy=remedy))
        seen.add(card.id)
        for key in ("due_on", "check_on"):
            day = getattr(card, key)
            if day is not None and card.started_on is not None and day < card.started_on:
                what, samples = N_("this day lies before the start of the plan"), [day, card.started_on]
                wrong.append(SettingsError(place_of(("cards", ix, key), name, lines), what, samples))
    return wrong
