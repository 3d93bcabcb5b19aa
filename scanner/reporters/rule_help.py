"""A rule in words, for ``riskscan explain`` and for the help that code scanning shows."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model.rule import RuleInfo


def rule_text(rule: RuleInfo) -> str:
    """The rule as plain text: title, risk, remediation of each dialect, controls, references."""
    return "\n\n".join(_paragraphs(rule)) + "\n"


def _paragraphs(rule: RuleInfo) -> Iterator[str]:
    yield f"{rule.code} {rule.slug}\n{rule.title}"
    yield f"axis {rule.axis.value}, severity {rule.severity.label}, precision {rule.precision}" + (
        f", tags {', '.join(rule.tags)}" if rule.tags else ""
    )
    yield f"Why: {rule.why.strip()}"
    for dialect, text in rule.remediation.items():
        yield f"Fix ({dialect}):\n{_indented(text)}"
    if rule.controls:
        yield "Controls:\n" + "\n".join(f"  {name}: {', '.join(ids)}" for name, ids in rule.controls.items())
    if rule.references:
        yield "References:\n" + "\n".join(f"  {reference}" for reference in rule.references)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.strip().splitlines())


def rule_markdown(rule: RuleInfo) -> str:
    """The rule as Markdown. Rules are data of the user's own or of ours, so their Markdown is kept."""
    parts = [f"**{rule.title}**", rule.why.strip()]
    parts += [f"### Fix in {dialect}\n\n{text.strip()}" for dialect, text in rule.remediation.items()]
    if rule.controls:
        parts.append(
            "### Controls\n\n" + "\n".join(f"* {name}: {', '.join(ids)}" for name, ids in rule.controls.items())
        )
    if rule.references:
        parts.append("### References\n\n" + "\n".join(f"* <{reference}>" for reference in rule.references))
    return "\n\n".join(parts) + "\n"
