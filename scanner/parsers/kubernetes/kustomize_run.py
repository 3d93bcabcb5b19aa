"""Runs kustomize over a copy of what an overlay names, where it finds nothing else: no network, no settings, no tools.

Exec and container functions need flags that are never given: https://kubectl.docs.kubernetes.io/guides/extending_kustomize/.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.model.problem import ProblemKind
from scanner.model.value import Value
from scanner.parsers.child import Limits, hold

SECONDS: Final = 30
"""How long one overlay may take."""
MEMORY: Final = 224 << 20
"""Bytes of memory of the tool, where the system can hold it to them (Linux): aliases may stand for billions.

With what the scan itself takes that stays below 300 MB.
"""
_COLLECTED: Final = "160MiB"
"""The memory from which on Go's collector works harder: https://pkg.go.dev/runtime#hdr-Environment_Variables."""
MAX_OUTPUT_BYTES: Final = 128 * 1024 * 1024
MAX_COPIED_BYTES: Final = 256 * 1024 * 1024

_CLOSED: Final = "http://127.0.0.1:1"
"""A proxy that nobody offers: what asks for one is refused at once."""
_SHOWN: Final = 300
"""Characters of the tool's message."""
_REASON: Final = re.compile(r"^error: |\berr=\"", re.IGNORECASE | re.MULTILINE)
"""What stands before the reason: of kustomize and kubectl, and of kubectl where it logs."""


class Tool(Struct, frozen=True):
    """What renders: ``kustomize build`` or ``kubectl kustomize``."""

    path: str
    command: str


class Copy(Struct, frozen=True):
    """What is laid out for the tool, by path within the copy: contents, files to copy, links and folders."""

    entry: Path
    contents: Mapping[Path, bytes]
    files: Mapping[Path, Path]
    links: Mapping[Path, Path]
    folders: tuple[Path, ...]


class Rendered(Struct, frozen=True):
    """What came out, or the ``fault``."""

    content: bytes = b""
    fault: str = ""
    kind: ProblemKind = ProblemKind.INVALID


def find_tool(scan_root: Path) -> Tool | None:
    """The tool on the PATH. One that lies in the scanned folder itself is not run."""
    folders = [each for each in os.environ.get("PATH", "").split(os.pathsep) if Path(each).is_absolute()]
    for name, command in (("kustomize", "build"), ("kubectl", "kustomize")):
        found = shutil.which(name, path=os.pathsep.join(folders))
        if found is None:
            continue
        inside = (Path(found), Path(found).resolve())
        if not any(path.is_relative_to(root) for path in inside for root in (scan_root, scan_root.resolve())):
            return Tool(found, command)
    return None


def render(tool: Tool, copy: Copy) -> Rendered:
    """Lay the copy out, run the tool, and take everything away again."""
    with tempfile.TemporaryDirectory(prefix="riskscan-", ignore_cleanup_errors=True) as name:
        work = Path(name).resolve()
        try:
            if sum(path.stat().st_size for path in copy.files.values()) > MAX_COPIED_BYTES:
                return Rendered(fault=f"its files are larger than {MAX_COPIED_BYTES} bytes", kind=ProblemKind.LIMIT)
            _lay_out(copy, work / "copy")
        except OSError as error:
            return Rendered(fault=f"its files cannot be copied: {error.strerror}", kind=ProblemKind.UNREADABLE)
        return _run(tool, work, work / "copy" / copy.entry)


def encoded(data: Value) -> bytes:
    """A kustomization as kustomize reads it: JSON is YAML."""
    return json.dumps(data).encode()


def _lay_out(copy: Copy, root: Path) -> None:
    for folder in copy.folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name, path in copy.files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, root / name)
    for name, content in copy.contents.items():
        (root / name).write_bytes(content)
    for name, target in copy.links.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            (root / name).symlink_to(root / target)


def _run(tool: Tool, work: Path, folder: Path) -> Rendered:
    for name in ("home", "bin"):
        (work / name).mkdir()
    output, errors = work / "output", work / "errors"
    with output.open("wb") as out, errors.open("wb") as err:
        try:
            process = subprocess.Popen(  # noqa: S603 - the tool was found on the user's PATH
                [tool.path, tool.command, str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=work / "home",
                env=_environment(work),
                start_new_session=True,
            )
        except OSError as error:
            return Rendered(
                fault=f"{Path(tool.path).name} cannot be run: {error.strerror}", kind=ProblemKind.UNREADABLE
            )
        hold(process.pid, Limits(SECONDS, MEMORY))
        try:
            status = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            return Rendered(fault=f"it takes longer than {SECONDS} seconds", kind=ProblemKind.LIMIT)
        finally:
            _end(process)
    if status:
        return Rendered(fault=_message(errors.read_bytes()[-64 * 1024 :].decode("utf-8", "replace"), work))
    if output.stat().st_size > MAX_OUTPUT_BYTES:
        return Rendered(fault=f"it makes more than {MAX_OUTPUT_BYTES} bytes", kind=ProblemKind.LIMIT)
    return Rendered(output.read_bytes())


def _environment(work: Path) -> dict[str, str]:
    """No settings of the user, no other program, no way out."""
    home = str(work / "home")
    closed = {name: _CLOSED for each in ("http_proxy", "https_proxy", "all_proxy") for name in (each, each.upper())}
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}  # Windows starts nothing without
    places = dict.fromkeys(("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR", "TEMP", "TMP"), home)
    return {
        **kept,
        **closed,
        **places,
        "PATH": str(work / "bin"),
        "KUBECONFIG": os.devnull,
        "LC_ALL": "C",
        "GOMEMLIMIT": _COLLECTED,
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the tool and what it started, unless it is done."""
    if process.poll() is not None:
        return
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _message(text: str, work: Path) -> str:
    """Why the tool failed: its last error in one line, bounded, without the temporary folder."""
    for path in (f"{work}/copy/", f"{work}/copy", str(work)):
        text = text.replace(path, "")
    message = " ".join(_REASON.split(text)[-1].split()).replace('\\"', '"').removesuffix('"')
    return message if len(message) <= _SHOWN else f"{message[:_SHOWN]}…"
