"""Which line of a kustomization sets a field otherwise than by a patch: names, labels, images, replicas, generators.

https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/ tells what each field changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scanner.model.span import Span
from scanner.model.value import ABSENT, Value
from scanner.parsers.kubernetes.kustomization import GENERATORS, Kustomization
from scanner.parsers.kubernetes.kustomize_layers import Layer, Start
from scanner.parsers.kubernetes.paths import Steps, entries, value_at

_SCALED: Final = frozenset({"Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"})
_LABELS: Final = frozenset({"labels", "matchLabels", "selector"})
_DATA: Final = frozenset({"data", "binaryData", "stringData"})
_STEP: Final = re.compile(r"\[([^\[\]=]+)=([^\[\]]*)\]")


def transformed(layer: Layer, steps: Steps, found: Value, start: Start) -> Span | None:
    """The line of a kustomization that gave a field of the rendered object its value."""
    value = value_at(found, steps)
    if not steps or not isinstance(value, str | int):
        return None
    field = next(_fields(layer.kustomization, steps, value, found, start), None)
    return None if field is None else layer.span(*field)


def _fields(here: Kustomization, steps: Steps, value: Value, found: Value, start: Start) -> Iterator[Steps]:
    """The fields that do; those that are applied last first."""
    data, last = here.data, steps[-1]
    yield from _replaced(data, steps, found)
    if last == "image" and isinstance(value, str):
        yield from _image(data, value)
    if steps == ("spec", "replicas") and start.kind in _SCALED:
        for index, entry in entries(data, "replicas"):
            if isinstance(entry, dict) and entry.get("name") in start.names and entry.get("count") == value:
                yield "replicas", index, "count"
    if len(steps) > 1 and isinstance(last, str):
        yield from _labelled(data, str(steps[-2]), last, value)
    if last == "namespace" and data.get("namespace") == value:
        yield ("namespace",)
    if steps == ("metadata", "name") and value not in start.names[:1]:
        for key, fits in (("nameSuffix", str.endswith), ("namePrefix", str.startswith)):
            affix = data.get(key)
            if isinstance(affix, str) and affix and (fits(str(value), affix) or affix in str(value)):
                yield (key,)
    if start.kind in GENERATORS.values() and len(steps) == 2 and steps[0] in _DATA:
        for key, kind in GENERATORS.items():
            for index, entry in entries(data, key) if kind == start.kind else ():
                if isinstance(entry, dict) and entry.get("name") in start.names and entry.get("behavior"):
                    yield from generated(entry, (key, index), str(last), whole=False)


def _image(data: Value, value: str) -> Iterator[Steps]:
    """The entry that gave an image its name, tag or digest."""
    for key in ("imageTags", "images"):
        for index, entry in entries(data, key):
            if not isinstance(entry, dict):
                continue
            name = entry.get("newName") or entry.get("name")
            rest = value.removeprefix(str(name))
            tag, digest, suffix = (entry.get(each) for each in ("newTag", "digest", "tagSuffix"))
            fits = {"": not (tag or digest), f":{tag}": bool(tag), f"@{digest}": bool(digest)}.get(rest)
            if fits is None:
                fits = rest[:1] in (":", "@") and not (tag or digest) and rest.endswith(str(suffix or ""))
            if value.startswith(str(name)) and fits:
                set_by = next((each for each in ("newName", "newTag", "digest", "tagSuffix") if entry.get(each)), None)
                yield (key, index, set_by) if set_by else (key, index)


def _labelled(data: Value, parent: str, key: str, value: Value) -> Iterator[Steps]:
    if parent in _LABELS:
        if value_at(data, ("commonLabels", key)) == value:
            yield "commonLabels", key
        for index, entry in entries(data, "labels"):
            if value_at(entry, ("pairs", key)) == value:
                yield "labels", index, "pairs", key
    if parent == "annotations" and value_at(data, ("commonAnnotations", key)) == value:
        yield "commonAnnotations", key


def _replaced(data: Value, steps: Steps, found: Value) -> Iterator[Steps]:
    """The replacement that has the field among its targets."""
    kind = found.get("kind") if isinstance(found, dict) else None
    for index, entry in entries(data, "replacements"):
        for number, target in entries(entry, "targets"):
            if value_at(target, ("select", "kind")) not in (ABSENT, kind):
                continue
            for place, text in entries(target, "fieldPaths"):
                if isinstance(text, str) and _leads(text, steps, found):
                    yield "replacements", index, "targets", number, "fieldPaths", place


def _leads(text: str, steps: Steps, found: Value) -> bool:
    """Whether a field path such as ``spec.containers.[name=app].image`` leads to a field."""
    tokens = [token.replace("\\.", ".") for token in re.split(r"(?<!\\)\.(?![^\[]*\])", text)]
    if len(tokens) != len(steps):
        return False
    for token, step in zip(tokens, steps, strict=True):
        chosen = _STEP.fullmatch(token)
        held = found[step]
        if chosen is not None:
            if not isinstance(held, dict) or str(held.get(chosen[1])) != chosen[2]:
                return False
        elif token != "*" and token != str(step):
            return False
        found = held
    return True


def generated(entry: Value, prefix: Steps, key: str, *, whole: bool = True) -> Iterator[Steps]:
    """The field of a generator that gives a key its value; with ``whole`` the generator itself for want of a better."""
    for index, text in entries(entry, "literals"):
        if isinstance(text, str) and text.partition("=")[0].strip() == key:
            yield *prefix, "literals", index
    for index, text in entries(entry, "files"):
        if isinstance(text, str):
            name, named, path = text.partition("=")
            if (name if named else path or name).rpartition("/")[2] == key:
                yield *prefix, "files", index
    for field in ("env", "envs"):
        held = entry.get(field) if isinstance(entry, dict) else None
        if held and whole:
            yield (*prefix, field, 0) if isinstance(held, list) else (*prefix, field)
    if whole:
        yield prefix
