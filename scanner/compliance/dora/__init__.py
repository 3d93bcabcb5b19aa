"""Concentration of third parties, as DORA asks for it: tables that a supervisor can use."""

from scanner.compliance.dora.dependencies import Estate
from scanner.compliance.dora.register import register
from scanner.compliance.dora.tables import chain, functions, insolvency, places, shared
from scanner.model.assessment import Section
from scanner.model.report import Report


def sections(report: Report) -> tuple[Section, ...]:
    """The tables for a report that knows its outages."""
    estate = Estate(report)
    return (functions(estate), places(estate), shared(estate), insolvency(estate), chain(estate), *register(estate))
