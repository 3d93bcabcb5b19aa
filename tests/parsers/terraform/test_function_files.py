"""Functions over files: what they read, and that they leave everything outside of the scanned folder alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.model.value import Value
from scanner.parsers.terraform import functions
from scanner.parsers.terraform.disk import FILE_LIMIT
from scanner.parsers.terraform.functions import FunctionContext, FunctionError
from scanner.parsers.terraform.values import TOO_MANY, SetValue


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("outside")
    root = tmp_path / "root"
    (root / "module").mkdir(parents=True)
    (root / "shared.txt").write_text("shared")
    (root / "module" / "own.txt").write_text("own")
    (root / "module" / "leak.txt").symlink_to(tmp_path / "secret.txt")
    (root / "module" / "leaks").symlink_to(tmp_path)
    (root / "module" / "good.txt").symlink_to(root / "shared.txt")
    return root


def _inside(root: Path) -> Callable[..., Value]:
    context = FunctionContext(root, root / "module", lambda text, _: text)
    return lambda name, *arguments: functions.call(name, arguments, context)


def test_files_are_read_inside_the_scanned_folder_only(folder: Path) -> None:
    inside = _inside(folder)
    assert inside("file", "own.txt") == "own"
    assert inside("file", "../shared.txt") == "shared"
    assert inside("file", "good.txt") == "shared"
    assert inside("file", str(folder / "shared.txt")) == "shared"
    for path in ("../../secret.txt", "leak.txt", "leaks/secret.txt", str(folder.parent / "secret.txt"), "/etc/passwd"):
        for name in ("file", "filebase64", "filemd5", "fileexists"):
            assert inside(name, path).reason == "reads outside the scanned folder"
    assert inside("templatefile", "leak.txt", {}).reason == "reads outside the scanned folder"


def test_patterns_do_not_leave_the_scanned_folder(folder: Path) -> None:
    inside = _inside(folder)
    assert inside("fileset", "..", "*.txt") == SetValue(["shared.txt"])
    for path, pattern in (("../..", "*"), (".", "../../*"), ("leaks", "*"), (".", "leaks/*"), (".", "**/*.txt")):
        assert inside("fileset", path, pattern).reason == "reads outside the scanned folder"


def test_links_in_a_circle_end(folder: Path) -> None:
    (folder / "module" / "leak.txt").unlink()
    (folder / "module" / "leaks").unlink()
    for name in ("one", "two", "three"):
        (folder / "module" / name).symlink_to(folder / "module")
    result = _inside(folder)("fileset", ".", "**/own.txt")
    assert result.reason in ("folders link into each other in a circle", TOO_MANY)
    assert _inside(folder)("fileset", "one/two", "*.txt") == SetValue(["good.txt", "own.txt"])


def test_large_files_and_special_files_are_not_read(folder: Path) -> None:
    (folder / "module" / "large").write_bytes(b"x" * (FILE_LIMIT + 1))
    assert "more than" in _inside(folder)("file", "large").reason
    with pytest.raises(FunctionError):
        _inside(folder)("file", ".")
    with pytest.raises(FunctionError):
        _inside(folder)("file", "a\0b")
