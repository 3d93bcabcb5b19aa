"""Outputs that one root reads from another's state (``data.terraform_remote_state``)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from scanner.catalog.readers import lookup
from scanner.graph.index import Index
from scanner.model.resource import Declaration, Reference
from scanner.model.value import ABSENT, Value, equal

READS: Final = "terraform_remote_state"
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "s3": ("bucket", "key"),
    "gcs": ("bucket", "prefix"),
    "azurerm": ("storage_account_name", "container_name", "key"),
    "oss": ("bucket", "prefix", "key"),
    "cos": ("bucket", "prefix", "key"),
    "http": ("address",),
    "consul": ("path",),
    "pg": ("conn_str", "schema_name"),
    "remote": ("organization", "workspaces.name"),
    "cloud": ("organization", "workspaces.name"),
}
"""What tells one state from another, by backend."""


@dataclass
class States:
    """Finds what a reference to another root's state means. Backends and outputs are declarations of their own."""

    index: Index

    def targets(self, reference: Reference) -> Iterator[str]:
        """The ids of the resources that a reference to a state's output stands for."""
        path = reference.target_path.split(".")
        if len(path) < 2 or path[0] != "outputs":
            return
        for reader in self.index.addressed(reference.target):
            root = self._root_of(self.index.by_id[reader])
            output = None if root is None else self._outputs.get((root, path[1].partition("[")[0]))
            if output is not None:
                yield from dict.fromkeys((*self._mentioned(output), *self.index.meant(output.attributes.get("value"))))

    def _mentioned(self, output: Declaration) -> Iterator[str]:
        for reference in output.references:
            yield from self.index.addressed(reference.target)

    @cached_property
    def _outputs(self) -> Mapping[tuple[str, str], Declaration]:
        return {(d.root, d.name): d for d in self.index.by_id.values() if d.mode == "output"}

    @cached_property
    def _backends(self) -> list[Declaration]:
        return [d for d in self.index.by_id.values() if d.mode == "backend"]

    def _root_of(self, reader: Declaration) -> str | None:
        """The root whose backend keeps the state that a data source reads."""
        kind = reader.attributes.get("backend")
        if not isinstance(kind, str):
            return None
        if kind == "local":
            return self._beside(reader)
        for backend in self._backends:
            alike = backend.name == kind or {backend.name, kind} == {"remote", "cloud"}
            if alike and self._same_state(kind, backend.attributes, lookup(reader.attributes, "config")):
                return backend.root
        return None

    def _beside(self, reader: Declaration) -> str | None:
        """The root in whose folder a local state lies."""
        path = lookup(reader.attributes, "config.path")
        if not isinstance(path, str):
            return None
        root = posixpath.normpath(posixpath.join(reader.root, posixpath.dirname(path)))
        return root if any(backend.root == root for backend in self._backends) else None

    def _same_state(self, kind: str, backend: Mapping[str, Value], config: Value) -> bool:
        """Whether all that tells states apart is written on both sides and certainly equal."""
        if not isinstance(config, dict):
            return False
        compared = 0
        for key in _KEYS.get(kind, ()):
            ours, theirs = lookup(backend, key), lookup(config, key)
            if ours is ABSENT and theirs is ABSENT:
                continue
            if equal(ours, theirs) is not True:
                return False
            compared += 1
        return compared > 0
