"""How functions are written: short tags (``!Sub``) and mappings of one key (``Fn::Sub``)."""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec import Struct

from scanner.parsers.cloudformation.fields import Origin
from scanner.parsers.positioned_yaml import scalar_value

_WITHOUT_PREFIX: Final = frozenset({"Ref", "Condition"})
LOOP: Final = "Fn::ForEach::"
TRANSFORM: Final = "Fn::Transform"
MERGE: Final = "tag:yaml.org,2002:merge"
_STANDARD: Final = "tag:yaml.org,2002:"
_VARIABLE: Final = re.compile(r"([$&])\{([^{}!]+)\}")
_NOT_ALPHANUMERIC: Final = re.compile(r"[^A-Za-z0-9]")


class Misused(Exception):
    """A function is not used as it is documented; with the reason."""


class Scope(Struct, frozen=True):
    """Where a node is read: the file that it stands in, and the values of the loops around it."""

    origin: Origin
    variables: dict[str, str] = {}

    def filled(self, text: str) -> str:
        """A text of a loop's body: ``${Name}`` and ``&{Name}`` (its letters and digits) are the loop's value."""
        if not self.variables or "{" not in text:
            return text
        return _VARIABLE.sub(self._value, text)

    def _value(self, match: re.Match[str]) -> str:
        value = self.variables.get(match[2].strip())
        if value is None:
            return match[0]
        return _NOT_ALPHANUMERIC.sub("", value) if match[1] == "&" else value


class Argument(Struct, frozen=True):
    """What a function is applied to. A ``bare`` node's own tag names the function, so it is passed over."""

    node: Any
    scope: Scope
    bare: bool = False

    @property
    def nodes(self) -> list[Any] | None:
        """The items of a list of arguments; ``None`` for what is no such list."""
        return self.node.value if self.node.id == "sequence" else None

    @property
    def text(self) -> str | None:
        """A name that is written out; ``None`` for what is none."""
        if self.node.id != "scalar":
            return None
        return self.scope.filled(str(self.node.value))


def call_of(node: Any, scope: Scope, bare: bool) -> tuple[str, Argument] | None:
    """The function that a node calls, and its argument; ``None`` for data."""
    tag: str = node.tag
    if not bare and tag[:1] == "!" and len(tag) > 1:
        name = tag[1:]
        return (name if name in _WITHOUT_PREFIX or "::" in name else f"Fn::{name}"), Argument(node, scope, True)
    if node.id != "mapping" or len(node.value) != 1:  # nearly every node
        return None
    key, value = node.value[0]
    name = key.value
    if key.id != "scalar" or not (name == "Ref" or name.startswith(("Fn::", "Rain::"))) or name.startswith(LOOP):
        return None
    return name, Argument(value, scope)


def constant(node: Any, bare: bool) -> Any:
    """The value of a scalar; after a short tag it is a text."""
    return node.value if bare and not node.tag.startswith(_STANDARD) else scalar_value(node)
