"""A page for each rule, from its file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from generate import conditions, frameworks, links, wording
from generate.happened import mentioned
from generate.markup import bare, bullets, code, codes, escaped, fence, link, note, page, prose, table, tabs
from scanner.compliance.frameworks import frameworks as shipped
from scanner.model.finding import Acceptance
from scanner.model.rule import ESTATE
from scanner.rules.check import MARKS
from scanner.rules.equivalents import equivalents
from scanner.rules.evaluate import ANY
from scanner.rules.rule import DIALECTS, Example, Rule

LANGUAGES: Final[Mapping[str, str]] = {
    "terraform": "terraform",
    "kubernetes": "yaml",
    "compose": "yaml",
    "cloudformation": "yaml",
    "bicep": "bicep",
}
_OUTCOMES: Final[Mapping[str, str]] = {
    "fail": "What fails",
    "pass": "What passes",
    "unknown": "What the files do not decide",
}
_COMMENTS: Final[Mapping[str, str]] = {
    "Terraform, OpenTofu": "# riskscan: ignore[{}] until=2027-03-31 the reason",
    "Bicep": "// riskscan: ignore[{}] until=2027-03-31 the reason",
}
_TRAILING: Final = re.compile(rf"[ \t]*(?:{'|'.join(map(re.escape, MARKS))})[ \t]*$")


def rule_page(rule: Rule) -> str:
    """Everything that is known of a rule."""
    info = rule.info
    return page(
        f"{info.code}: {prose(info.title)}",
        _facts(rule),
        prose(info.why),
        _on_record(rule),
        *_question(rule),
        *_remediation(rule),
        *_examples(rule),
        *_controls(rule),
        *_peers(rule),
        *_acceptance(rule),
        "## References",
        bullets(map(bare, info.references)),
        description=info.title,
    )


def _facts(rule: Rule) -> str:
    info = rule.info
    severity = f'<span class="rs-severity rs-{info.severity.label}">{info.severity.label}</span>'
    axis = link(f"axis {info.axis.value}", f"index.md#{info.axis.value}")
    return f"{severity} · {axis} · precision {info.precision} · {code(info.slug)}\n{{ .rs-meta }}"


def _on_record(rule: Rule) -> str:
    found = mentioned(rule.info.why)
    here = links.rule_page(rule.info.slug)
    items = (
        f"{link(prose(i.title), links.relative(links.incident_page(i.id), here))} ({escaped(i.day)})" for i in found
    )
    return note("example", "On record", bullets(items)) if found else ""


# -- what it asks ----------------------------------------------------------------------------------


def _question(rule: Rule) -> Iterator[str]:
    yield "## How it decides"
    yield f"It is asked of {_subjects(rule)}."
    if rule.when:
        yield "It says something only where:"
        yield conditions.in_words(rule.when)
    yield "It fails where:"
    yield conditions.in_words(rule.fails_when)
    yield f"The finding says {code(rule.message)}."
    names = dict.fromkeys((*conditions.names(rule.when or {}), *conditions.names(rule.fails_when)))
    rows = ((code(name), meaning) for name in names if (meaning := conditions.meaning(name, rule.kinds)))
    yield table(("name", "what it says"), rows)


def _subjects(rule: Rule) -> str:
    kinds = ", ".join(map(_kind, rule.kinds))
    return f"{kinds} of the types {codes(rule.types)}" if rule.types else kinds


def _kind(kind: str) -> str:
    if kind == ESTATE:
        return "everything that is scanned, taken together"
    if kind == ANY:
        return "every resource"
    return f"each resource of the kind {link(code(kind), f'../reference/facts.md#{wording.anchor(kind)}')}"


# -- how to fix it ---------------------------------------------------------------------------------


def _remediation(rule: Rule) -> Iterator[str]:
    yield "## How to fix it"
    yield tabs({wording.dialect(name): _languages(text) for name, text in rule.info.remediation.items()})
    if rule.info.suggest:
        values = "; ".join(_literal(key, choices) for key, choices in rule.info.suggest.items())
        yield f"On a pull request the change of one line can be offered as a suggestion: {values}."


def _literal(key: str, choices: Mapping[str, str]) -> str:
    told = (f"{code(new)} instead of {code(old)}" if old else code(new) for old, new in choices.items())
    return f"{code(key)} becomes {', or '.join(told)}"


def _languages(text: str) -> str:
    return text.replace("```hcl", "```terraform").replace("```dockerfile", "```docker")


# -- examples --------------------------------------------------------------------------------------


def _examples(rule: Rule) -> Iterator[str]:
    yield "## Examples"
    yield "Each is a test of the rule. The highlighted lines are those that the answer must stand on."
    for outcome, title in _OUTCOMES.items():
        several = [example for example in rule.examples if example.outcome == outcome]
        if several:
            yield f"### {title}"
            yield tabs({wording.dialect(name): _blocks(shown) for name, shown in _by_dialect(several).items()})


def _by_dialect(examples: Sequence[Example]) -> Mapping[str, Sequence[Example]]:
    return {name: those for name in DIALECTS if (those := [example for example in examples if example.dialect == name])}


def _blocks(examples: Sequence[Example]) -> str:
    return "\n".join(block for example in examples for block in _block(example))


def _block(example: Example) -> Iterator[str]:
    shown, marked = unmarked(example.code)
    yield fence(shown, LANGUAGES[example.dialect], DIALECTS[example.dialect], marked)
    if example.config:
        yield fence(example.config, "yaml", ".riskscan.yaml")


def unmarked(text: str) -> tuple[str, list[int]]:
    """An example without its marks, and the numbers of the lines that had one."""
    lines = text.splitlines()
    marked = [number for number, line in enumerate(lines, 1) if line.rstrip().endswith(MARKS)]
    return "\n".join(_TRAILING.sub("", line) for line in lines), marked


# -- what it is evidence for, and what else --------------------------------------------------------


def _controls(rule: Rule) -> Iterator[str]:
    rows = [_control(framework, wanted) for framework, ids in rule.info.controls.items() for wanted in ids]
    if rows:
        yield "## What it is evidence for"
        yield "A finding is evidence relevant to these controls. No file can show that an organization meets one."
        yield table(("framework", "control", "what it asks, in our words", "read"), rows)


def _control(framework: str, wanted: str) -> Sequence[str]:
    control = frameworks.control(framework, wanted)
    target = f"../{links.framework_page(framework)}#{wording.anchor(control.id)}"
    name = escaped(shipped()[framework].name)
    return name, link(escaped(control.id), target), prose(control.title), control.status.value


def _peers(rule: Rule) -> Iterator[str]:
    rows = [
        (tool, codes((row.id, *row.aliases)), prose(row.title), prose(row.why))
        for tool in (Acceptance.CHECKOV, Acceptance.TRIVY)
        for row in {row.id: row for row in equivalents(tool).values()}.values()
        if rule.info.code in row.rules
    ]
    if rows:
        yield "## Other tools that ask the same"
        yield "A comment that accepts one of these checks is honoured for this rule on the same resource."
        yield table(("tool", "check", "its title", "why it is the same"), rows)


def _acceptance(rule: Rule) -> Iterator[str]:
    slug = rule.info.slug
    yield "## How to accept the risk"
    parts = {name: fence(text.format(slug), "text") for name, text in _COMMENTS.items()}
    parts["Kubernetes"] = fence(
        f'metadata:\n  annotations:\n    riskscan/ignore: "{slug} until=2027-03-31 the reason"', "yaml"
    )
    parts["CloudFormation"] = fence(f'Metadata:\n  riskscan/ignore: "{slug} until=2027-03-31 the reason"', "yaml")
    parts[".riskscan.yaml"] = fence(
        f'ignore:\n  - {{rule: {slug}, resource: "the.resource", reason: the reason, until: 2027-03-31}}', "yaml"
    )
    yield tabs(parts)
    yield f"{link('Accepted risks', '../reference/accepted-risks.md')} tells which lines a comment covers."
