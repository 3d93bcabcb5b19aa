"""Files of parameters' values.

Two forms are known: the list of the AWS command line (``[{"ParameterKey": …, "ParameterValue": …}]``) and the mapping
of CodePipeline (``{"Parameters": {…}}``). A file is used when the configuration names it, or when it lies beside the
template (or in a folder ``parameters`` or ``params`` there) under the template's name: ``vpc.yaml`` takes
``vpc.parameters.json``, ``vpc-parameters.json``, ``vpc.params.json``, ``vpc-params.json``, ``parameters/vpc.json`` and
the same in YAML. Where two such files exist, as with one for each environment, none is used: which one is deployed is
not for us to choose.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, Final

from scanner.model.problem import ProblemKind
from scanner.model.span import Span
from scanner.parsers.cloudformation.fields import Field, Origin
from scanner.parsers.cloudformation.reading import Reading, root_of
from scanner.parsers.positioned_yaml import scalar_value

_BESIDE: Final = ("{0}.parameters", "{0}-parameters", "{0}.params", "{0}-params", "parameters/{0}", "params/{0}")
_ENDINGS: Final = (".json", ".yaml", ".yml")


def given(path: str, reading: Reading) -> dict[str, Field]:
    """The values for the parameters of a template: those of the one file beside it, and over them the configured."""
    found: dict[str, Field] = {}
    beside = list(_beside(path, reading))
    if len(beside) == 1:
        found.update(_values(beside[0], reading, required=False))
    for file in reading.options.parameter_files:
        found.update(_values(file.as_posix(), reading, required=True))
    return found


def _beside(path: str, reading: Reading) -> Iterator[str]:
    folder, name = posixpath.split(path)
    stem = posixpath.splitext(name)[0]
    for pattern in _BESIDE:
        below, _, wanted = posixpath.join(folder, pattern.format(stem)).rpartition("/")
        names = reading.names_in(below)
        found = [f"{below}/{wanted}{ending}" for ending in _ENDINGS if f"{wanted}{ending}" in names]
        yield from (candidate for candidate in found if candidate != path)


def _values(path: str, reading: Reading, *, required: bool) -> dict[str, Field]:
    name = reading.name_of(path)
    document = reading.document(path, Span(name, 1))
    if document is None:
        return {}
    origin, root = Origin(name), root_of(document)
    nodes = _of_list(root) if root.id == "sequence" else _of_mapping(root) if root.id == "mapping" else None
    if nodes is None:
        if required:
            message = "a file of parameters is a list of ParameterKey and ParameterValue, or has a mapping Parameters"
            reading.report(document.span, ProblemKind.INVALID, message)
        return {}
    return {key: Field(scalar_value(node), node, origin, at) for key, at, node in nodes if node.id == "scalar"}


def _of_list(root: Any) -> list[tuple[str, Any, Any]] | None:
    found = []
    for item in root.value:
        entry = _entries(item)
        key, value = entry.get("ParameterKey"), entry.get("ParameterValue")
        if key is None:
            return None
        if value is not None:  # else the value that is deployed is kept
            found.append((str(key[1].value), *value))
    return found


def _of_mapping(root: Any) -> list[tuple[str, Any, Any]] | None:
    parameters = _entries(root).get("Parameters")
    if parameters is None or parameters[1].id != "mapping":
        return None
    entries = _entries(parameters[1])
    if any(value.id != "scalar" for _, value in entries.values()):
        return None  # a template's own definitions
    return [(name, *entry) for name, entry in entries.items()]


def _entries(node: Any) -> Mapping[str, tuple[Any, Any]]:
    return {key.value: (key, value) for key, value in node.value if key.id == "scalar"} if node.id == "mapping" else {}
