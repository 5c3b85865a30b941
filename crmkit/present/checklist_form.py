"""The form of the sales-system checklist: one area at a time, every answer kept as soon as it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import ipywidgets

from crmkit.audit.answers import Answer, Answers, answers_file, read_answers, save_answer
from crmkit.audit.questions import Question, Questionnaire
from crmkit.errors import N_, CrmkitError, Message
from crmkit.present.study import Study
from crmkit.present.texts import escape

#: Answers as they are chosen; the first is «not answered».
CHOICES: Mapping[str, Message] = {
    "": N_("not answered"), "yes": N_("yes"), "partly": N_("partly"), "no": N_("no"),
    "na": N_("not applicable"),
}  # fmt: skip
ASKED: Mapping[str, Message] = {
    "owner": N_("the owner"), "head_of_sales": N_("the head of sales"), "rep": N_("a rep"),
    "accounts": N_("the accounts"),
}  # fmt: skip

_LABEL = {"description_width": "8rem"}
_CARD = {"border": "1px solid #ccc", "padding": "0.6rem", "margin": "0.3rem 0", "max_width": "60rem"}


def _wide(width: str) -> dict[str, str]:
    return {"width": width, "max_width": "100%"}


@dataclass(eq=False)
class Form:
    """The form as it stands: ``area`` chooses what ``shown`` asks; setting a ``value`` keeps it in the file.

    Attributes
    ----------
    day: the audit that is filled in. hints: what the data tell of a question; basis: of which time.
    rows: question id -> its buttons and its line for what was seen.
    status: how many are answered, where they are kept, or why they cannot be.
    """

    study: Study
    questions: Questionnaire
    day: date
    hints: Mapping[str, str] = field(default_factory=dict)
    basis: str = ""
    before: Answers | None = None
    answers: Answers = field(init=False)
    rows: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    area: Any = None
    person: Any = None
    status: Any = None
    shown: Any = None
    box: Any = None

    def __post_init__(self) -> None:
        self.answers = read_answers(self.study.client.folder, self.day, self.questions)
        say = self.study.say
        self.status, self.shown = ipywidgets.HTML(), ipywidgets.VBox()
        self.area = ipywidgets.Dropdown(
            options=[(say(one.title), one.id) for one in self.questions.areas],
            description=say("Area"), layout=_wide("46rem"), style=_LABEL,
        )  # fmt: skip
        self.person = ipywidgets.Text(
            value=self.answers.answered_by, description=say("Who answers"), layout=_wide("46rem"),
            style=_LABEL, continuous_update=False,
        )  # fmt: skip
        back, on = (ipywidgets.Button(description=text) for text in (say("← Back"), say("Next area →")))
        back.on_click(lambda _: self._turn(-1))
        on.on_click(lambda _: self._turn(1))
        self.area.observe(lambda _: self._show(), names="value")
        self.person.observe(lambda change: self._keep(answered_by=change["new"]), names="value")
        self.box = ipywidgets.VBox(
            [self.status, self.person, self.area, self.shown, ipywidgets.HBox([back, on])]
        )
        self._show()
        self._tell()

    def _repr_mimebundle_(self, **chosen: Any) -> Any:
        return self.box._repr_mimebundle_(**chosen)

    def _turn(self, step: int) -> None:
        places = [one.id for one in self.questions.areas]
        at = places.index(self.area.value) + step
        self.area.value = places[max(0, min(at, len(places) - 1))]

    def _show(self) -> None:
        """Lay out the questions of the area that is chosen."""
        self.rows = {one.id: self._row(one) for one in self.questions.of(self.area.value)}
        self.shown.children = tuple(
            ipywidgets.VBox([ipywidgets.HTML(self._text(one)), *self.rows[one.id]], layout=_CARD)
            for one in self.questions.of(self.area.value)
        )

    def _row(self, one: Question) -> tuple[Any, Any]:
        said = self.answers.answers.get(one.id, Answer())
        buttons = ipywidgets.ToggleButtons(
            options=[(self.study.words.message(text), code) for code, text in CHOICES.items()],
            value=said.answer, style={"button_width": "auto"},
        )  # fmt: skip
        seen = ipywidgets.Text(
            value=said.evidence, placeholder=self.study.say("What was seen: a document, a figure, a link"),
            layout=_wide("46rem"), continuous_update=False,
        )  # fmt: skip
        buttons.observe(lambda change: self._keep(**{one.id: {"answer": change["new"]}}), names="value")
        seen.observe(lambda change: self._keep(**{one.id: {"evidence": change["new"]}}), names="value")
        return buttons, seen

    def _text(self, one: Question) -> str:
        """Return a question with why it matters, what good looks like, and what the data tell."""
        say = self.study.say
        head = f"<b>{escape(one.id)}. {escape(say(one.text))}</b>"
        lines = list[str]()
        parts = [
            (N_("Why it matters: {text}"), one.why), (N_("Well done: {text}"), one.good),
            (N_("Where it is seen: {text}"), one.where),
        ]  # fmt: skip
        lines += [escape(say(label.text, text=say(text))) for label, text in parts if text]
        lines.append(escape(say("To be asked: {whom}", whom=self.study.words.message(ASKED[one.ask]))))
        if one.id in self.hints:
            lines.append(f'<b style="color:#14589f">{escape(self.hints[one.id])}</b>')
        earlier = self.before.said(one.id) if self.before else ""
        if self.before and earlier:
            told = self.study.words.message(CHOICES[earlier])
            day = self.study.formats.day(self.before.day)
            lines.append(escape(say("On {day} the answer was: {answer}", day=day, answer=told)))
        return f'<div style="line-height:1.4">{head}<div style="color:#555">{"<br>".join(lines)}</div></div>'

    def _keep(self, **changes: Mapping[str, str] | str) -> None:
        """Keep what was changed, and tell it; what cannot be kept is told too."""
        try:
            self.answers = save_answer(self.study.client.folder, self.day, self.questions, **changes)
        except CrmkitError as error:
            error.say = self.study.words.message
            self.status.value = f'<b style="color:#a11">{escape(str(error))}</b>'
            return
        except OSError as error:
            why = error.strerror or str(error)
            said = self.study.say("The answer could not be saved: {reason}", reason=why)
            self.status.value = f'<b style="color:#a11">{escape(said)}</b>'
            return
        self._tell()

    def _tell(self) -> None:
        done = sum(bool(self.answers.said(one.id)) for one in self.questions.questions)
        place = answers_file(self.study.client.folder, self.day).relative_to(self.study.client.folder)
        said = self.study.say(
            "Answered: {n} of {all}. Every answer is saved at once, in {place}.",
            n=self.study.formats.count(done), all=self.study.formats.count(len(self.questions.questions)),
            place=place.as_posix(),
        )  # fmt: skip
        self.status.value = "<br>".join(escape(one) for one in (said, self.basis) if one)
