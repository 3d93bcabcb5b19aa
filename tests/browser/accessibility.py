"""axe-core in a page: what people with assistive technology could not use, by Deque's rules."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from chromium import Visit

GRAVE: Final = ("serious", "critical")
"""Of axe's impacts those that a report must not have."""

_RUN: Final = """
(grave) => axe.run(document, {resultTypes: ['violations', 'incomplete']}).then(found => ({
  passes: found.passes.length,
  violations: found.violations.filter(each => grave.includes(each.impact)).map(each =>
    `${each.id} (${each.impact}): ${each.help}: ` +
    each.nodes.slice(0, 4).map(node => `${node.target.join(' ')} ${node.failureSummary.split('\\n')[1] || ''}`).join(' | ') +
    (each.nodes.length > 4 ? ` and ${each.nodes.length - 4} more` : '')),
}))
"""


@cache
def _program() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def grave_violations(visit: Visit) -> list[str]:
    """Serious and critical violations, each with what is wrong and where."""
    visit.evaluate(f"() => {{ {_program()}\n }}")
    found: dict[str, Any] = visit.evaluate(_RUN, list(GRAVE))
    assert found["passes"] > 10, "axe looked at nothing"
    return list(found["violations"])
