"""A report as text, one format a module."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from scanner.model.report import Report
from scanner.reporters.options import Options

MODULES: Final = {
    "text": "scanner.reporters.text",
    "markdown": "scanner.reporters.markdown",
    "sarif": "scanner.reporters.sarif",
    "json": "scanner.reporters.json_",
    "github": "scanner.reporters.github",
    "junit": "scanner.reporters.junit",
    "gitlab": "scanner.reporters.gitlab",
}
"""The module of each format; its ``render(report, options)`` returns the whole text. Imported when asked for."""


def render(format_name: str, report: Report, options: Options) -> str:
    """A report in one format. The same report and options always give the same text."""
    return str(import_module(MODULES[format_name]).render(report, options))


__all__ = ["MODULES", "Options", "render"]
