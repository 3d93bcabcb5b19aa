"""A report as text, one format a module."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from scanner.model.assessment import ComplianceReport
from scanner.model.comparison import Comparison
from scanner.model.history import History
from scanner.model.outage import OutageReport
from scanner.model.report import Report
from scanner.reporters.options import Options
from scanner.reporters.redact import redacted_assessments, redacted_comparison, redacted_outages

MODULES: Final = {
    "text": "scanner.reporters.text",
    "markdown": "scanner.reporters.markdown",
    "sarif": "scanner.reporters.sarif",
    "json": "scanner.reporters.json_",
    "github": "scanner.reporters.github",
    "junit": "scanner.reporters.junit",
    "gitlab": "scanner.reporters.gitlab",
    "comment": "scanner.reporters.comment",
    "html": "scanner.reporters.html",
}
"""The module of each format; its ``render(report, options)`` returns the whole text. Imported when asked for."""


OUTAGES: Final = {
    "text": "scanner.reporters.outage_text",
    "markdown": "scanner.reporters.outage_markdown",
    "json": "scanner.reporters.outage_json",
}
"""The same for the answers of a simulation."""


COMPARISONS: Final = {
    "text": "scanner.reporters.comparison_text",
    "markdown": "scanner.reporters.comparison_markdown",
    "json": "scanner.reporters.comparison_json",
}
"""The same for two estates side by side."""


HISTORIES: Final = {
    "text": "scanner.reporters.trend_text",
    "markdown": "scanner.reporters.trend_markdown",
    "json": "scanner.reporters.trend_json",
    "csv": "scanner.reporters.trend_csv",
    "svg": "scanner.reporters.trend_svg",
}
"""The same for a history."""


ASSESSMENTS: Final = {
    "markdown": "scanner.reporters.assessment_markdown",
    "html": "scanner.reporters.assessment_html",
    "json": "scanner.reporters.assessment_json",
    "csv": "scanner.reporters.assessment_csv",
    "register": "scanner.reporters.assessment_register",
    "oscal": "scanner.reporters.assessment_oscal",
}
"""The same for what a scan says about controls."""


def render(format_name: str, report: Report, options: Options) -> str:
    """A report in one format. The same report and options always give the same text."""
    return str(import_module(MODULES[format_name]).render(report, options))


def render_outages(format_name: str, report: OutageReport, options: Options) -> str:
    """A simulation's answers in one format, without the secrets that were met."""
    return str(import_module(OUTAGES[format_name]).render(redacted_outages(report), options))


def render_comparison(format_name: str, report: Comparison, options: Options) -> str:
    """A comparison in one format, without the secrets that were met."""
    return str(import_module(COMPARISONS[format_name]).render(redacted_comparison(report), options))


def render_history(format_name: str, history: History, options: Options, service: str = "") -> str:
    """A history in one format; with ``service``, about the coefficients of that one."""
    return str(import_module(HISTORIES[format_name]).render(history, options, service))


def render_assessments(format_name: str, report: ComplianceReport, options: Options) -> str:
    """What a scan says about controls in one format, without the secrets that were met."""
    return str(import_module(ASSESSMENTS[format_name]).render(redacted_assessments(report), options))


__all__ = [
    "ASSESSMENTS",
    "COMPARISONS",
    "HISTORIES",
    "MODULES",
    "OUTAGES",
    "Options",
    "render",
    "render_assessments",
    "render_comparison",
    "render_history",
    "render_outages",
]
