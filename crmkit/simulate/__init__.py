"""A simulated sales department with a known truth, and its exports in the formats of CRMs."""

from crmkit.simulate.amocrm import write_amocrm
from crmkit.simulate.bitrix24 import write_bitrix24
from crmkit.simulate.department import Department, Truth, simulate
from crmkit.simulate.plain import write_plain
from crmkit.simulate.samples import make_samples, scaled, simulate_to
from crmkit.simulate.scenario import Scenario, read_scenario

__all__ = [
    "Department",
    "Scenario",
    "Truth",
    "make_samples",
    "read_scenario",
    "scaled",
    "simulate",
    "simulate_to",
    "write_amocrm",
    "write_bitrix24",
    "write_plain",
]
