"""Specifications of cloud resources in other dialects, spelled as the catalog spells them.

``spec.forProvider.kmsKeyIdRef: {name: vault}`` becomes a mention at ``kms_key_id``; where it was written is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.span import Span, line_of
from scanner.model.value import Unknown, Value

_PLURAL: Final = re.compile(r"([A-Z]{2,})s(?=[A-Z]|$)")
_BORDER: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Speech(Struct, frozen=True):
    """How a dialect writes: which keys are ``fields`` of its own.

    Below those that are ``opaque`` stand keys of the user. With ``mentions`` a field ``xRef`` or ``xSelector`` names an
    object. What is written in an object ``body`` counts as if it stood beside it. With ``ids`` an object ``x`` that
    holds an ``id`` also gives ``x_id``, and a list ``xs`` of such objects ``x_ids``.
    """

    fields: re.Pattern[str]
    opaque: frozenset[str]
    mentions: bool = False
    body: str = ""
    ids: bool = False


_USERS_OWN: Final = (
    *("tags", "labels", "userLabels", "annotations", "variables", "nodeLabels", "resourceLabels", "metadata"),
    *("appSettings", "connectionStrings", "parameters", "settingsMap", "environmentVariables", "requestParameters"),
)
OBJECTS: Final = Speech(re.compile(r"[a-z][A-Za-z0-9]*"), frozenset(_USERS_OWN), mentions=True)
"""Kubernetes' custom resources."""
_DOCUMENTS: Final = (
    *(
        "PolicyDocument",
        "AssumeRolePolicyDocument",
        "KeyPolicy",
        "ResourcePolicy",
        "FileSystemPolicy",
        "AccessPolicies",
    ),
    *(
        "Policy",
        "RepositoryPolicyText",
        "BackupVaultPolicy",
        "AccessPolicy",
        "Definition",
        "DefinitionBody",
        "Body",
        "Content",
        "RedrivePolicy",
    ),
)
CLOUD: Final = Speech(
    re.compile(r"[A-Za-z][A-Za-z0-9]*"),
    frozenset({*_USERS_OWN, *(name[:1].upper() + name[1:] for name in _USERS_OWN), *_DOCUMENTS}),
)
"""What the clouds' own templates and interfaces write. Policies are documents of their own language."""
AZURE: Final = Speech(
    CLOUD.fields, CLOUD.opaque | {"policyRule", "definition", "objectReplicationPolicy"}, body="properties", ids=True
)
"""What ARM writes: resources and children of them have their settings in ``properties``, ``{id: …}`` names others."""


class Mention(Struct, frozen=True):
    """A field that names another object: by ``name``, or by the ``labels`` that it carries.

    ``path`` is the attribute whose value it gives, ``written`` the native path, ``kind`` the kind where it is told.
    """

    path: str
    written: str
    name: str = ""
    kind: str = ""
    namespace: str = ""
    labels: Mapping[str, Value] | None = None


@dataclass(slots=True)
class Respelled:
    """Attributes in snake case; ``paths`` maps each to where it was written, ``mentions`` are its references.

    ``moved`` are the paths that have another name by now, ``left_out`` the native paths that say nothing of this
    resource.
    """

    speech: Speech = OBJECTS
    attributes: dict[str, Value] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    mentions: list[Mention] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)

    def add(self, body: Mapping[str, Value], at: str) -> None:
        """Take in fields that are written at the path ``at``."""
        _fields(body, "", at, self.attributes, self)

    def move(self, source: str, target: str, values: Mapping[str, Value] | None = None, *, keep: bool = True) -> None:
        """Give what is written at one path under another one as well, with everything below it.

        ``values`` says what words mean there, in any case; ``None`` takes a word out. Within one list every item is
        moved. A target ``x[]`` is the list of all that is found. Without ``keep`` nothing stands at the first path any
        more.
        """
        for each in [m for m in self.mentions if m.path == source]:
            self.mentions[self.mentions.index(each)] = replace(each, path=target)
        every, target = target.endswith("[]"), target.removesuffix("[]")
        place, _, key = source.rpartition(".")
        near, within, below = _apart(place, target)
        for beside, owner in list(_holders(self.attributes, near)):
            gathered: list[Value] = []
            now = f"{beside}.{below}" if beside else below
            for at, holder in list(_holders(owner, within, beside)):
                if key not in holder:
                    continue
                value, written = holder[key], f"{at}.{key}" if at else key
                meant = _meant(value, values) if values is not None else value
                if every:
                    gathered.extend(meant if isinstance(meant, list) else [meant])
                elif not within and "." not in below:
                    holder[below] = meant
                elif meant is None:
                    continue
                else:
                    if source.startswith(f"{target}."):  # a value in place of the object that holds it
                        owner.pop(below, None)
                        self.paths.pop(now, None)
                    if not _put(owner, below, meant):
                        continue
                if not keep and source != target:
                    del holder[key]
                self._told(written, now)
            if gathered:
                _put(owner, below, gathered)

    def _told(self, source: str, target: str) -> None:
        """Places below one path are those below another one as well."""
        if source == target:
            return
        below = [p for p in self.paths if p == source or p.startswith((f"{source}.", f"{source}["))]
        for path in below:
            now = f"{target}{path[len(source) :]}"
            self.paths.setdefault(now, self.paths[path])
            if path in self.moved:
                self.moved.add(now)
        self.moved.add(source)

    def drop(self, path: str) -> None:
        """Take out what is written at a path, with all below it."""
        place, _, key = path.rpartition(".")
        for at, holder in list(_holders(self.attributes, place)):
            if key in holder:
                del holder[key]
                self.forget(f"{at}.{key}" if at else key)

    def forget(self, path: str) -> None:
        """No longer say that anything is written at a path or below it."""
        if path in self.paths:
            self.left_out.add(self.paths[path])
        for each in [p for p in self.paths if p == path or p.startswith((f"{path}.", f"{path}["))]:
            del self.paths[each]

    def has_moved(self, path: str) -> bool:
        """Whether a path, or one around it, has another name by now."""
        while path:
            if path in self.moved:
                return True
            path = path.rpartition("[")[0] if path.endswith("]") else path.rpartition(".")[0]
        return False

    def redirect(self, names: Mapping[str, str]) -> None:
        """Give references the names that the catalog has for the attributes they fill."""
        for index, each in enumerate(self.mentions):
            place, dot, last = each.path.rpartition(".")
            if last in names:
                path = f"{place}{dot}{names[last]}"
                self.paths.setdefault(path, self.paths.get(each.path, each.written))
                self.mentions[index] = replace(each, path=path)

    def put(self, path: str, value: Value) -> None:
        """Set the value at a path of objects, where nothing else is written there."""
        _put(self.attributes, path, value)


def _put(holder: dict[str, Value], path: str, value: Value) -> bool:
    """Whether nothing else stood there, so that the value stands there now."""
    steps, inner = path.split("."), holder
    for step in steps[:-1]:
        found = inner.setdefault(step, {})
        found = found[0] if isinstance(found, list) and found else found
        if not isinstance(found, dict):
            return False
        inner = found
    return inner.setdefault(steps[-1], value) is value


def _apart(place: str, target: str) -> tuple[str, str, str]:
    """The path around both, what leads from there to ``place``, and to ``target``."""
    mine, theirs = place.split(".") if place else [], target.split(".")
    shared = 0
    while shared < min(len(mine), len(theirs) - 1) and mine[shared] == theirs[shared]:
        shared += 1
    return ".".join(mine[:shared]), ".".join(mine[shared:]), ".".join(theirs[shared:])


def _meant(value: Value, values: Mapping[str, Value]) -> Value:
    if isinstance(value, Unknown):
        # Known parts are those of the dialect's word, not of what it means.
        return value.derived() if value.parts else value
    if isinstance(value, (dict, list)):
        return value
    return {str(word).lower(): meaning for word, meaning in values.items()}.get(str(value).lower(), value)


class MovedPlaces(Mapping[str, Span]):
    """Where attributes stand that were written under other names: ``paths`` maps theirs to those of ``places``."""

    def __init__(self, places: Mapping[str, Span], paths: Mapping[str, str]) -> None:
        self._places, self._paths = places, paths

    def __getitem__(self, path: str) -> Span:
        return self._places[self._paths[path]]

    def get(self, path: str, default: Any = None) -> Any:
        """The span, if there is one. Most paths that are asked for have none: no exception is raised for these."""
        written = self._paths.get(path)
        return default if written is None else self._places.get(written, default)

    def written(self, path: str) -> str:
        """What a path is called in the files; it stays itself where that is not known."""
        return self._paths.get(path, path)

    def line_of(self, path: str, word: str, nth: int) -> Span | None:
        """The line of a text that was written under another name."""
        written = self._paths.get(path)
        return None if written is None else line_of(self._places, written, word, nth)

    def __iter__(self) -> Iterator[str]:
        return (path for path, written in self._paths.items() if self._places.get(written) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return bool(self._paths)


@lru_cache(maxsize=1 << 14)
def snake(word: str) -> str:
    """``kmsKeyID`` → ``kms_key_id``, ``vpcSecurityGroupIDs`` → ``vpc_security_group_ids``."""
    return _BORDER.sub("_", _PLURAL.sub(lambda m: f"{m[1].capitalize()}s", word)).lower()


def respell(body: Mapping[str, Value], at: str, speech: Speech = OBJECTS) -> Respelled:
    """A specification that is written at the path ``at`` of its object."""
    result = Respelled(speech)
    result.add(body, at)
    return result


def _fields(body: Mapping[str, Value], at: str, native: str, into: dict[str, Value], result: Respelled) -> None:
    inner = body.get(result.speech.body) if result.speech.body else None
    for key, value in body.items():
        if isinstance(inner, dict) and key == result.speech.body:
            continue
        written = f"{native}.{key}" if native else key
        if not result.speech.fields.fullmatch(key):
            into[key] = _value(value, f"{at}.{key}" if at else key, written, result)
            continue
        stem = _stem(key, value) if result.speech.mentions else ""
        name = snake(stem or key)
        path = f"{at}.{name}" if at else name
        if stem:
            result.paths.setdefault(path, written)
            _mentions(value, path, written, into, name, result)
        elif key in result.speech.opaque and isinstance(value, dict):
            into[name] = value
            result.paths[path] = written
            result.paths.update({f"{path}.{k}": f"{written}.{k}" for k in value})
        else:
            into[name] = _value(value, path, written, result)
            if result.speech.ids:
                _identified(into, name, path, result)
    if isinstance(inner, dict):
        beside = {key: value for key, value in inner.items() if snake(key) not in into}
        _fields(beside, at, f"{native}.{result.speech.body}" if native else result.speech.body, into, result)


def _identified(into: dict[str, Value], name: str, path: str, result: Respelled) -> None:
    """``subnet: {id: x}`` is ``subnet_id: x`` too, and ``subnets: [{id: x}]`` is ``subnet_ids: [x]``."""
    value, place = into[name], path.removesuffix(name)
    if isinstance(value, dict) and "id" in value and f"{name}_id" not in into:
        into[f"{name}_id"] = value["id"]
        result.paths[f"{place}{name}_id"] = result.paths.get(f"{path}.id", result.paths[path])
        result.moved.add(f"{path}.id")
    elif isinstance(value, list) and value and all(map(_is_mention, value)):
        single = name.removesuffix("es") if name.endswith("sses") else name.removesuffix("s")
        into[f"{single}_ids"] = [each["id"] for each in value]
        result.paths[f"{place}{single}_ids"] = result.paths[path]
        for index in range(len(value)):
            written = result.paths.get(f"{path}[{index}].id", result.paths[path])
            result.paths[f"{place}{single}_ids[{index}]"] = written
            result.moved.add(f"{path}[{index}].id")


def _is_mention(value: Value) -> bool:
    """Whether an object only names another one, and is none of its own."""
    return isinstance(value, dict) and "id" in value and "name" not in value


def _value(value: Value, path: str, written: str, result: Respelled) -> Value:
    result.paths[path] = written
    if isinstance(value, dict):
        inner: dict[str, Value] = {}
        _fields(value, path, written, inner, result)
        return inner
    if isinstance(value, list):
        return [_value(item, f"{path}[{i}]", f"{written}[{i}]", result) for i, item in enumerate(value)]
    return value


def _stem(key: str, value: Value) -> str:
    """The field that a reference fills: ``vpcId`` of ``vpcIdRef`` and ``vpcIdSelector``; empty for no reference."""
    if key.endswith(("SecretRef", "SecretKeyRef", "SecretRefs")) or key in ("secretRef", "secretKeyRef"):
        return ""
    if key.endswith("Refs") and isinstance(value, list):
        stem = key.removesuffix("Refs")
        return stem if stem.endswith("s") else f"{stem}s"
    if key.endswith("Ref") and isinstance(value, dict):
        return key.removesuffix("Ref")
    if key.endswith("Reference") and isinstance(value, dict) and {"armId", "name"} & value.keys():
        return key.removesuffix("Reference")
    if key.endswith("Selector") and isinstance(value, dict) and {"matchLabels", "matchControllerRef"} & value.keys():
        return key.removesuffix("Selector")
    return ""


def _mentions(value: Value, path: str, written: str, into: dict[str, Value], name: str, result: Respelled) -> None:
    for index, each in enumerate(value if isinstance(value, list) else [value]):
        if not isinstance(each, dict):
            continue
        place = f"{written}[{index}]" if isinstance(value, list) else written
        inner = each.get("from")
        told: Mapping[str, Value] = inner if isinstance(inner, dict) else each
        external = next((told[k] for k in ("external", "armId", "value") if isinstance(told.get(k), str)), None)
        if external is not None:
            into.setdefault(name, [external] if isinstance(value, list) else external)
        elif isinstance(told.get("name"), str):
            kind, space = (str(told.get(k) or "") for k in ("kind", "namespace"))
            result.mentions.append(Mention(path, place, told["name"], kind, space))
        elif isinstance(each.get("matchLabels"), dict):
            result.mentions.append(Mention(path, place, labels=each["matchLabels"]))


def _holders(value: Value, path: str, start: str = "") -> Iterator[tuple[str, dict[str, Value]]]:
    """Every object at a path through all lists on the way, with the path to it alone."""
    stack: list[tuple[str, Value, tuple[str, ...]]] = [(start, value, tuple(path.split(".")) if path else ())]
    while stack:
        at, current, steps = stack.pop()
        if isinstance(current, list):
            stack.extend((f"{at}[{i}]", item, steps) for i, item in reversed(list(enumerate(current))))
        elif isinstance(current, dict):
            if not steps:
                yield at, current
            elif steps[0] in current:
                stack.append((f"{at}.{steps[0]}" if at else steps[0], current[steps[0]], steps[1:]))
