"""The three sample clients of the kit, and departments of any size for trials and benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from numpy.random import PCG64, Generator

from crmkit.simulate.amocrm import write_amocrm
from crmkit.simulate.bitrix24 import write_bitrix24
from crmkit.simulate.clock import WorkClock
from crmkit.simulate.department import Department, simulate
from crmkit.simulate.flow import run
from crmkit.simulate.hubspot import write_hubspot
from crmkit.simulate.onec import write_onec
from crmkit.simulate.pipedrive import write_pipedrive
from crmkit.simulate.plain import write_plain
from crmkit.simulate.salesforce import write_salesforce
from crmkit.simulate.scenario import Crm, Scenario, read_scenario
from crmkit.simulate.world import World

#: What writes the exports of each CRM.
WRITERS: Mapping[str, Callable[[Department, Path], Path]] = {
    "amocrm": write_amocrm,
    "bitrix24": write_bitrix24,
    "hubspot": write_hubspot,
    "pipedrive": write_pipedrive,
    "salesforce": write_salesforce,
    "1c": write_onec,
    "plain": write_plain,
}
SAMPLES = ("romashka", "vektor", "northwind-supply")
_PILOT = 2_000.0


def make_samples(folder: Path) -> None:
    """Write the three sample clients below ``folder``, byte for byte as they stand in ``data/sample``.

    The descriptions of the process, in ``process/``, are written by hand and stay as they are.
    """
    for name in SAMPLES:
        _write(simulate(read_scenario(name)), folder / name)


def simulate_to(
    folder: Path,
    *,
    crm: Crm = "amocrm",
    deals: int = 400,
    seed: int = 1,
    language: Literal["ru", "en"] = "ru",
) -> Path:
    """Simulate a department of about ``deals`` deals; write its export, ``client.yml`` and ``planted.yml``.

    Returns
    -------
    the path of the file that holds the deals.
    """
    name = "northwind-supply" if language == "en" else "vektor" if crm == "bitrix24" else "romashka"
    scenario = scaled(read_scenario(name), deals).model_copy(update={"crm": crm, "seed": seed})
    return _write(simulate(scenario), folder)


def scaled(scenario: Scenario, deals: int) -> Scenario:
    """Return the scenario with as many leads a month as give about ``deals`` deals in all.

    Existing clients come back, so that leads alone do not tell the number: a small trial run does.
    """
    trial = scenario.model_copy(update={"per_month": _PILOT})
    found = run(World(trial, WorkClock.of(trial)), Generator(PCG64(0)))[0]
    return scenario.model_copy(update={"per_month": _PILOT * deals / len(found["work"])})


def _write(department: Department, folder: Path) -> Path:
    return WRITERS[department.scenario.crm](department, folder)
