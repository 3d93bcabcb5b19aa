"""Which declared resource the id of an Azure resource means, and what a resource's own id and name tell.

``/subscriptions/…/providers/Microsoft.Sql/servers/main/databases/orders`` is the database ``orders`` below the server
``main``. See https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-resource#resourceid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from scanner.model.resource import Declaration, Reference
from scanner.model.value import Unknown, Value
from scanner.normalize.respelled import Respelled

ANCESTORS: Final = "ancestors"
"""The attribute that names all resources above one, by the last word of their type in lower case."""
_PROVIDERS: Final = "/providers/"
_GROUPS: Final = "microsoft.resources/resourcegroups"
_DEEPEST: Final = 8
"""So many resources stand below each other at most; Azure's own types have five."""
_EXTENSIONS: Final = ("microsoft.authorization/", "microsoft.insights/diagnosticsettings")
"""Types that may be made for any resource; what stands before theirs in their id is what they are for."""


class AzureNames:
    """The resources of an estate by their ids, and by the ends of ids that their types and names make."""

    def __init__(self, declarations: Sequence[Declaration]) -> None:
        self._declared = {each.id: each for each in declarations}

    def tell(self, declaration: Declaration, spoken: Respelled) -> None:
        """Add what an id or name of several words tells: the resource's parent, all above it, what it is for."""
        attributes, native = spoken.attributes, declaration.type
        own = attributes.get("id")
        if "parent" not in attributes and native.count("/") > 1 and "/providers/" not in native:
            parent = _parent(native, own, declaration.attributes.get("name"))
            if parent:
                attributes["parent"] = parent
                spoken.paths["parent"] = "id" if isinstance(own, str) else "name"
        if "scope" not in attributes and native.lower().startswith(_EXTENSIONS) and isinstance(own, str):
            attributes["scope"] = own.rpartition(_PROVIDERS)[0] or "/"
            spoken.paths["scope"] = "id"
        above = dict(self._above(native, attributes.get("parent")))
        if above:
            attributes[ANCESTORS] = above
            spoken.paths.update({f"{ANCESTORS}.{name}": spoken.paths.get("parent", "parent") for name in above})

    def named(self, declaration: Declaration, spoken: Respelled) -> Iterator[Reference]:
        """References to declared resources whose ids are written as text."""
        known = {reference.target for reference in declaration.references}
        for path in [each for each in spoken.paths if not spoken.has_moved(each)]:
            value = _value_at(spoken.attributes, path)
            text = _id_in(value)
            target = self.of(text, declaration.root) if text and path != "id" else None
            if target is not None and target != declaration.id and target not in known:
                yield Reference(path, target, "id", declaration.span_of(spoken.paths[path]))

    def declares(self, inner: Declaration) -> bool:
        """Whether what a resource writes inside of it is declared by itself, too."""
        key = self._key(inner)
        return bool(key) and key in self._by_key

    def of(self, text: str, root: str = "") -> str | None:
        """The declaration that an id means, if one does alone; of several of a name, that of the same root."""
        exact = self._by_id.get(text.rstrip("/").lower())
        if exact is not None:
            return exact
        found = self._by_key.get(_key_in(text), ())
        found = [each for each in found if self._may_be(each, text)]
        own = [each for each in found if self._declared[each].root == root]
        found = own or found
        return found[0] if len(found) == 1 else None

    def _may_be(self, name: str, text: str) -> bool:
        own = self._declared[name].attributes.get("id")
        return not (isinstance(own, str) and own.startswith("/subscriptions/") and text.startswith("/subscriptions/"))

    @cached_property
    def _by_id(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for name, each in self._declared.items():
            own = each.attributes.get("id")
            if isinstance(own, str) and own.startswith("/"):
                found.setdefault(own.rstrip("/").lower(), name)
        return found

    @cached_property
    def _by_key(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, each in self._declared.items():
            key = self._key(each)
            if key:
                found.setdefault(key, []).append(name)
        return found

    def _key(self, declaration: Declaration, depth: int = 0) -> str:
        """The end of its id, in lower case; empty where a name is not known."""
        name, kind = declaration.attributes.get("name"), declaration.type.lower()
        if not isinstance(name, str) or not name or depth > _DEEPEST:
            return ""
        names = name.lower().split("/")
        provider, *steps = kind.split("/")
        if len(names) == len(steps):
            return "/".join((provider, *(f"{step}/{word}" for step, word in zip(steps, names, strict=True))))
        parent = declaration.attributes.get("parent")
        if isinstance(parent, Unknown) and parent.ref is not None and parent.ref.address in self._declared:
            above = self._key(self._declared[parent.ref.address], depth + 1)
        else:
            above = _key_in(_id_in(parent))
        return f"{above}/{steps[-1]}/{names[-1]}" if above and steps else ""

    def _above(self, native: str, parent: Value) -> Iterator[tuple[str, Value]]:
        """Every resource above one, by the word of its type in lower case, the nearest first."""
        words = native.split("/")[1:-1]
        current: Value = parent
        for word in reversed(words[-_DEEPEST:]):
            if isinstance(current, str):
                yield word.lower(), current
                current = current.rsplit("/", 2)[0]
                continue
            declared = self._target(current)
            if current is None or (declared is None and not isinstance(current, Unknown)):
                return
            if declared is None:
                yield word.lower(), current
                return
            yield declared.type.rpartition("/")[2].lower(), current
            current = declared.attributes.get("parent")

    def _target(self, value: Value) -> Declaration | None:
        for ref in value.refs if isinstance(value, Unknown) else ():
            if ref.address in self._declared:
                return self._declared[ref.address]
        return None


def _parent(native: str, own: Value, name: Value) -> str:
    """The id of what a resource stands below, as far as its own id or name of several words tells."""
    if isinstance(own, str) and _PROVIDERS in own:
        return own.rsplit("/", 2)[0]
    if not isinstance(name, str) or "/" not in name:
        return ""
    provider, *steps = native.split("/")
    names = name.split("/")
    if len(names) != len(steps):
        return ""
    pairs = "/".join(f"{step}/{word}" for step, word in zip(steps[:-1], names[:-1], strict=True))
    return f"{_PROVIDERS}{provider}/{pairs}"


def _id_in(value: Value) -> str:
    """The text of an id: the whole, or what is known of its end."""
    if isinstance(value, str):
        return value if _PROVIDERS in value or value.lower().startswith("/subscriptions/") else ""
    return value.suffix if isinstance(value, Unknown) and _PROVIDERS in value.suffix else ""


def _key_in(text: str) -> str:
    """The end of an id that the last type in it begins; that of a resource group where it has no type."""
    before, found, end = text.rstrip("/").lower().rpartition(_PROVIDERS)
    if found:
        return end
    words = (before or end).split("/")
    return f"{_GROUPS}/{words[4]}" if len(words) == 5 and words[3] == "resourcegroups" else ""


def _value_at(attributes: Mapping[str, Value], path: str) -> Value:
    value: Value = attributes
    for step in path.replace("[", ".[").split("."):
        if step.startswith("[") and isinstance(value, list) and step[1:-1].isdigit() and int(step[1:-1]) < len(value):
            value = value[int(step[1:-1])]
        elif isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return value
