"""A page for each framework: its controls, and which rules are evidence for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from generate import frameworks
from generate.markup import bare, escaped, fence, link, page, prose, table
from generate.rule_lists import rule_table
from generate.wording import anchor, counted
from scanner.compliance.frameworks import frameworks as shipped
from scanner.model.assessment import Control, Framework, Status

STATUS: Final[Mapping[str, str]] = {
    "verified": "id and sense were read in the standard or a transcript of it",
    "partly": "read in a secondary source, or its id and title alone were read",
    "memory": "written from memory; check it before relying on it",
}
"""How well a control's text is known."""


def index_page() -> str:
    """All frameworks, and how well each is known."""
    return page(
        "Frameworks",
        "A finding can be evidence relevant to a control of a standard, a law or a supervisor's guideline. It is "
        "never more than that: no file shows that an organization meets a control. The titles of controls are in "
        "our own words, for the texts belong to those who wrote them, and that a control is about an axis is our "
        "judgement.",
        table(
            ("framework", "version", "controls", "verified", "partly", "memory", "rules"),
            map(_row, shipped().values()),
        ),
        "## How a control was read",
        table(("mark", "what it says"), STATUS.items()),
        description="Standards, laws and guidelines for which findings are evidence",
    )


def _row(framework: Framework) -> Sequence[str]:
    number = Counter(control.status for control in framework.controls)
    cited = {
        rule.info.code for (name, _), rules in frameworks.citing().items() if name == framework.id for rule in rules
    }
    counts = (str(number[Status(status)] or "") for status in STATUS)
    title = link(prose(framework.name), f"{framework.id}.md")
    return title, escaped(framework.version), str(len(framework.controls)), *counts, str(len(cited))


def framework_page(framework: Framework) -> str:
    """A framework's controls with the rules that cite them."""
    return page(
        prose(framework.name),
        f"{escaped(framework.version)} · {counted(len(framework.controls), 'control')}\n{{ .rs-meta }}",
        f"The text: {bare(framework.url)}",
        "Each control is told in our own words. A finding of a rule below it is evidence relevant to the control, "
        "never proof that it is met.",
        fence(f"riskscan report infra/ --framework {framework.id}", "sh"),
        *(part for control in framework.controls for part in _control(framework, control)),
        *_without_evidence(framework),
        description=framework.name,
    )


def _control(framework: Framework, control: Control) -> Iterator[str]:
    cited = (framework.id, control.id)
    rules, observed = frameworks.citing().get(cited, ()), frameworks.observed(cited)
    if not rules and not observed:
        return
    yield f"## {escaped(control.id)} {{ #{anchor(control.id)} }}"
    yield f"{prose(control.title)}."
    yield f"{_axes(control)} Mark **{control.status.value}**: {STATUS[control.status.value]}.\n{{ .rs-meta }}"
    yield from (prose(text) for text in (control.remark, control.unprovable) if text)
    if observed:
        yield f"The fault graph tells {prose('; '.join(observed))}."
    yield rule_table(rules, "../rules/")


def _without_evidence(framework: Framework) -> Iterator[str]:
    rows = [
        (escaped(control.id), prose(control.title), prose(control.unprovable), control.status.value)
        for control in framework.controls
        if (framework.id, control.id) not in frameworks.citing() and not frameworks.observed((framework.id, control.id))
    ]
    if rows:
        yield "## Controls about which files say nothing { #nothing }"
        yield table(("control", "what it asks", "what no file can show", "mark"), rows)


def _axes(control: Control) -> str:
    mainly = f"Mainly about {', '.join(control.axes)}." if control.axes else ""
    beside = f"Supported by {', '.join(control.supporting)}." if control.supporting else ""
    return " ".join(filter(None, (mainly, beside)))
