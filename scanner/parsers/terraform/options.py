"""What a user can tell the Terraform front end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct


class TerraformOptions(Struct, frozen=True):
    """Inputs of root modules. ``environment`` holds the ``TF_VAR_*`` variables without that prefix.

    ``variables`` and ``var_files`` apply to every root that declares the name. ``workspace`` is unknown when not given.
    """

    variables: Mapping[str, str] = {}
    var_files: tuple[Path, ...] = ()
    environment: Mapping[str, str] = {}
    workspace: str | None = None
    max_instances: int = 1_000
    """Instances of one ``count`` or ``for_each`` that are looked at; more are cut off with a problem."""
    max_module_depth: int = 32
    """How deep module calls may nest."""
    max_modules: int = 5_000
    """Modules of one root, each instance counted: a few that call each other twice can ask for millions."""
    max_resources: int = 50_000
    """Resources of one root, each instance counted."""
    max_file_bytes: int = 5 * 1024 * 1024
    """Size of a file of an installed module; larger ones are left out with a problem."""
