"""Assessments as one HTML file that needs nothing else: no script, no picture, no address is asked for anything."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from scanner.model.assessment import ComplianceReport
from scanner.model.span import Span
from scanner.reporters import assessment_words as words
from scanner.reporters.gfm import url
from scanner.reporters.inert import inert
from scanner.reporters.options import DEFAULT, Options

if TYPE_CHECKING:
    from jinja2 import Environment

_STYLE: Final = "assessment.css"
_PAGE: Final = "assessment.html"


def render(report: ComplianceReport, options: Options = DEFAULT) -> str:
    """The page: for each framework a first page and its controls, then the list of all evidence."""
    style = _asset(_STYLE)
    return (
        environment()
        .get_template(_PAGE)
        .render(
            report=report,
            words=words,
            policy=f"default-src 'none'; style-src '{digest(style)}'; base-uri 'none'; form-action 'none'",
            style=_trusted(style),
            link=lambda span: url(span, options),
            place=_place,
            anchor=_anchor,
        )
    )


def digest(text: str) -> str:
    """The source expression for an inline element (https://www.w3.org/TR/CSP3/#grammardef-hash-source)."""
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _place(span: Span) -> str:
    return f"{span.file}:{span.line}"


def _anchor(framework: str, control: str) -> str:
    """An id for a control: ours alone, and without blanks."""
    return f"{framework}-{''.join(c if c.isalnum() else '-' for c in control)}"


@cache
def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _trusted(text: str) -> Any:
    """Text of our own making that is put into the page as it is."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704  # our own style sheet


@cache
def environment() -> Environment:
    """Templates in which every value is escaped and inert, and a name that is not there is an error."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalized(value: object) -> object:
    """What a template prints: text of strangers without controls or anything that reorders what is around it."""
    return inert(value) if type(value) is str else value
