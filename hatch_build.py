"""Compiles the YAML catalog, rules and incidents at build time, so that no run has to parse them.

A wheel gets one JSON file a table (the catalog, the spellings of other dialects, rules, incidents, frameworks, what
counts for their controls) in ``scanner/_compiled``, sealed: ``sources`` is null, for nobody edits the YAML of an
installed package. An editable install gets the same files in the checkout, with the state of the YAML that they were
made from: an edited rule counts at once, since the loaders then leave the stale file alone. A rule that cites a control
that does not exist fails the build.
``python hatch_build.py`` refreshes the checkout's.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
PLACE = "scanner/_compiled"


class CompileHook(BuildHookInterface):  # type: ignore[type-arg]  # the configuration class is hatchling's own affair
    """Adds the compiled files to a wheel, or writes them into the checkout of an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before the files of the wheel are collected. Raises what the loaders raise for a broken table."""
        if version == "editable":
            self._refresh()
            return
        self._folder = tempfile.TemporaryDirectory(prefix="riskscan-build-")
        sealed = {name: data | {"sources": None} for name, data in tables().items()}
        for file in write(Path(self._folder.name), sealed):
            build_data["force_include"][str(file)] = f"{PLACE}/{file.name}"

    def _refresh(self) -> None:
        try:
            write(HERE / PLACE, tables())
        except Exception as error:  # noqa: BLE001  # a checkout is where broken tables are mended: it must install
            self.app.display_warning(f"rules, catalog, incidents and frameworks are not compiled: {error}")

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary files of a wheel."""
        if version != "editable":
            self._folder.cleanup()


def tables() -> dict[str, dict[str, Any]]:
    """Each compiled table by its name, made by this checkout's own loaders."""
    sys.path.insert(0, str(HERE))
    try:
        from scanner.catalog.load import FOLDER, compile_catalog
        from scanner.catalog.spellings import compile_spellings
        from scanner.compliance import frameworks, mapping
        from scanner.compliance.citations import check_rules
        from scanner.rules.load import compile_rules, load_rules, shipped_folder
        from scanner.simulation import incidents

        catalog = compile_catalog(FOLDER)
        check_rules(load_rules().infos.values())
        return {
            "catalog": catalog,
            "spelled": compile_spellings(catalog["types"]),
            "rules": compile_rules(shipped_folder()),
            "incidents": incidents.compile_incidents(incidents.shipped_folder()),
            "frameworks": frameworks.compile_frameworks(frameworks.shipped_folder()),
            "evidence": mapping.compile_evidence(mapping.shipped_folder()),
        }
    finally:
        sys.path.remove(str(HERE))


def write(folder: Path, contents: dict[str, dict[str, Any]]) -> list[Path]:
    """Write each table as ``NAME.json``; the same tables always give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, data in contents.items():
        file = folder / f"{name}.json"
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")
        partial.replace(file)  # a scan that starts meanwhile never sees half a file
        files.append(file)
    return files


if __name__ == "__main__":
    write(HERE / PLACE, tables())
