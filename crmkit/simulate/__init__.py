"""A simulated sales department with a known truth, and its exports in the formats of CRMs."""

from crmkit.simulate.amocrm import write_amocrm
from crmkit.simulate.amocrm_api import write_amocrm_api
from crmkit.simulate.bitrix24 import write_bitrix24
from crmkit.simulate.bitrix24_api import write_bitrix24_api
from crmkit.simulate.department import Department, Truth, simulate
from crmkit.simulate.hubspot import write_hubspot
from crmkit.simulate.onec import write_onec
from crmkit.simulate.pipedrive import write_pipedrive
from crmkit.simulate.plain import write_plain, write_tables
from crmkit.simulate.salesforce import write_salesforce
from crmkit.simulate.samples import WRITERS, make_samples, scaled, simulate_to
from crmkit.simulate.scenario import Scenario, read_scenario

__all__ = [
    "WRITERS",
    "Department",
    "Scenario",
    "Truth",
    "make_samples",
    "read_scenario",
    "scaled",
    "simulate",
    "simulate_to",
    "write_amocrm",
    "write_amocrm_api",
    "write_bitrix24",
    "write_bitrix24_api",
    "write_hubspot",
    "write_onec",
    "write_pipedrive",
    "write_plain",
    "write_salesforce",
    "write_tables",
]
