"""The page put together: templates, the one style sheet and the one script, and the policy that allows these alone."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from scanner.model.span import Span
from scanner.reporters import summary, trend_svg
from scanner.reporters.gfm import url
from scanner.reporters.html import names
from scanner.reporters.inert import as_bytes, inert
from scanner.reporters.options import Options

if TYPE_CHECKING:
    from jinja2 import Environment

SCRIPTS: Final = ("data", "outage", "map", "findings", "start")
"""The parts of the script, in the order in which they are put into one."""


def filled(values: Mapping[str, Any], options: Options) -> str:
    """The page with these values. Style and script are allowed by their hashes, and nothing else is."""
    style, script = style_sheet(), program()
    policy = (
        f"default-src 'none'; style-src '{digest(style)}'; script-src '{digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    page = environment().get_template("page.html")
    return page.render(
        values,
        policy=policy,
        style=trusted(style),
        script=trusted(script),
        link=lambda file, line: url(Span(file, line), options),
    )


def style_sheet() -> str:
    """The text of the ``style`` element; the picture of the trend brings its own part, whether or not it is shown."""
    return f"{_asset('style.css')}\n{trend_svg.STYLE}"


@cache
def program() -> str:
    """The text of the ``script`` element: the parts share one scope of their own."""
    parts = "\n".join(_asset(f"script/{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def digest(text: str) -> str:
    """The source expression for an inline element (https://www.w3.org/TR/CSP3/#grammardef-hash-source)."""
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def trusted(text: str) -> Any:
    """Text of our own making that is put into the page as it is."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704  # our own files


@cache
def environment() -> Environment:
    """Templates in which every value is escaped and inert, and a name that is not there is an error."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    made = Environment(
        loader=FunctionLoader(lambda name: _asset(f"templates/{name}")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "level": names.level,
        "kind": names.kind,
        "slugged": slugged,
        "plural": _plural,
        "hashed": hashed,
        "grouped": lambda number: names.grouped(str(number)),
        "outcome": _outcome,
        "upper_first": _upper_first,
    }
    return made


def _finalized(value: object) -> object:
    """What a template prints: text of strangers without controls or anything that reorders what is around it."""
    return inert(value) if type(value) is str else value


def hashed(text: str) -> str:
    """An id as the part of an address behind ``#``; the script writes the same."""
    return quote(as_bytes(inert(text)), safe="/:@!'()*")


def _upper_first(text: str) -> str:
    """A sentence's beginning: unlike ``capitalize`` it leaves the rest as it is."""
    return text[:1].upper() + text[1:]


def _outcome(word: str) -> str:
    """What came of a check, behind a number."""
    return {"fail": "failing", "suppressed": "accepted", "error": "rule errors", "pass": "passed"}.get(word, word)


def slugged(text: str) -> str:
    """A text as a part of an id or class of ours."""
    return "".join(character if character.isalnum() and character.isascii() else "-" for character in text.lower())


def _plural(number: int, noun: str, nouns: str = "") -> str:
    return names.grouped(summary.plural(number, noun, nouns))
