"""Small numbers are told as such."""

from __future__ import annotations

import pytest

from crmkit.limits import Limits
from crmkit.present.formats import Formats
from crmkit.present.gates import Cases, Gated, gated

EN = Formats("en", "USD")


@pytest.mark.parametrize(
    ("k", "n", "expected"),
    [
        (3, 7, Gated("3 of 7", "", "few")),
        (6, 9, Gated("6 of 9", "", "few")),
        (6, 10, Gated("60.0%", "31–83%", "some")),
        (20, 29, Gated("69.0%", "31–83%", "some")),
        (21, 30, Gated("70.0%", "31–83%", "enough")),
        (0, 0, Gated("—", "", "few")),
    ],
)
def test_a_share_by_its_number_of_cases(k: int, n: int, expected: Gated) -> None:
    value = k / n if n else None
    told = gated(EN, value, Cases(k, n, n, 0.31, 0.83))
    assert Gated(told.text.replace("\u00a0", " "), told.beside, told.standing) == expected


def test_the_limits_are_settings() -> None:
    assert (
        gated(EN, 0.6, Cases(3, 5, 5, 0.2, 0.9), limits=Limits(few_cases=5, compared_cases=6)).text == "60.0%"
    )


def test_a_share_of_money_is_never_k_of_n() -> None:
    # 300 of 700 dollars in 7 deals
    assert gated(EN, 300 / 700, Cases(300.0, 700.0, 7)).text == "n\u00a0=\u00a07"


def test_a_median_of_few_cases_shows_their_number() -> None:
    assert str(gated(EN, 1234.0, Cases(None, None, 7), "money")) == "1,234 (n\u00a0=\u00a07)"
    assert str(gated(EN, 51.8, Cases(None, None, 12, 40.0, 60.0), "days")) == "51.8 (40.0–60.0)"


def test_without_an_interval_nothing_stands_beside() -> None:
    assert gated(EN, 0.5, Cases(50, 100, 100)) == Gated("50.0%", "", "enough")
