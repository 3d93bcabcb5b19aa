"""What ``terraform init`` put beside the working tree: no revision holds it, and without it modules are missing.

https://developer.hashicorp.com/terraform/cli/init#child-module-installation
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

_MODULES: Final = Path(".terraform", "modules")
_MANIFEST: Final = "modules.json"
_PASSED_OVER: Final = frozenset({".git", ".hg", ".svn", ".terraform", "node_modules", ".venv", "__pycache__"})


def lend(root: Path, folder: Path, paths: Sequence[Path], largest: int) -> list[str]:
    """Copy the installed modules of the working tree at ``root`` into a revision's ``folder``, where it has their root.

    Returns the roots' names. Links and files of more than ``largest`` bytes are left out.
    """
    lent = []
    for home in homes(paths):
        name = home.relative_to(root)
        target = folder / name / _MODULES
        if (folder / name).is_dir() and not target.exists():
            _copy(home / _MODULES, target, largest)
            lent.append(name.as_posix())
    return lent


def homes(paths: Sequence[Path]) -> Iterator[Path]:
    """The folders in which modules are installed."""
    for path in paths:
        for place, names, _ in os.walk(path.resolve()):
            names[:] = sorted(name for name in names if name not in _PASSED_OVER)
            if (home := Path(place)).joinpath(_MODULES, _MANIFEST).is_file():
                yield home


def _copy(source: Path, target: Path, largest: int) -> None:
    for place, names, files in os.walk(source):
        names[:] = [name for name in names if name != ".git"]
        to = target / Path(place).relative_to(source)
        to.mkdir(parents=True, exist_ok=True)
        for name in files:
            file = Path(place, name)
            with suppress(OSError):  # one that cannot be read is missing on both sides
                if not file.is_symlink() and file.is_file() and file.stat().st_size <= largest:
                    shutil.copyfile(file, to / name)
