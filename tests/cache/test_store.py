"""Entries appear whole or not at all, and nothing that lies in the folder can do harm."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import Struct

from scanner.cache.keys import digest
from scanner.cache.store import Cache


class Note(Struct, frozen=True):
    text: str


class Number(Struct, frozen=True):
    text: int


KEY = digest("a")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.entry"))


def test_what_one_run_keeps_the_next_one_finds(folder: Path) -> None:
    Cache(folder).put(KEY, Note("x"))
    assert Cache(folder).get(KEY, Note) == Note("x")
    assert Cache(folder).get(digest("b"), Note) is None
    assert Cache().get(KEY, Note) is None


def test_parts_of_a_key_are_not_taken_for_each_other() -> None:
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")


def test_nothing_is_written_without_a_folder_or_for_what_is_private(folder: Path) -> None:
    cache = Cache(folder)
    cache.put(KEY, Note("secret"), private=True)
    assert not folder.exists()
    assert cache.get(KEY, Note) == Note("secret")
    cache.put(KEY, {1, 2}, object)
    assert not folder.exists()


def test_the_folder_is_the_users_own_and_tells_backups_to_pass_it_over(folder: Path) -> None:
    # https://bford.info/cachedir/: the file begins with this signature
    Cache(folder).put(KEY, Note("x"))
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    if os.name == "posix":
        assert folder.stat().st_mode & 0o077 == 0
        assert entries(folder)[0].stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("where", [0, 5, 20, 30, -1])
def test_a_changed_byte_anywhere_makes_an_entry_none(folder: Path, where: int) -> None:
    Cache(folder).put(KEY, Note("some text"))
    data = bytearray(entries(folder)[0].read_bytes())
    data[where] ^= 1
    entries(folder)[0].write_bytes(data)
    assert Cache(folder).get(KEY, Note) is None


@pytest.mark.parametrize("size", [0, 10, 35])
def test_half_an_entry_is_none(folder: Path, size: int) -> None:
    Cache(folder).put(KEY, Note("some text"))
    entries(folder)[0].write_bytes(entries(folder)[0].read_bytes()[:size])
    assert Cache(folder).get(KEY, Note) is None


def test_an_entry_under_another_name_or_of_another_type_is_none(folder: Path) -> None:
    Cache(folder).put(KEY, Note("x"))
    other = digest("b")
    (folder / f"{other}.entry").write_bytes(entries(folder)[0].read_bytes())
    assert Cache(folder).get(other, Note) is None
    assert Cache(folder).get(KEY, Number) is None


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_links_pipes_and_folders_are_no_entries(folder: Path, tmp_path: Path) -> None:
    Cache(folder).put(KEY, Note("x"))
    real = entries(folder)[0].rename(tmp_path / "elsewhere")
    path = folder / f"{KEY}.entry"
    path.symlink_to(real)
    assert Cache(folder).get(KEY, Note) is None
    path.unlink()
    os.mkfifo(path)
    assert Cache(folder).get(KEY, Note) is None
    path.unlink()
    path.mkdir()
    assert Cache(folder).get(KEY, Note) is None


def test_an_interruption_while_writing_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Cache(folder).put(KEY, Note("x"))
    assert [path.name for path in folder.iterdir()] == ["CACHEDIR.TAG"]


def test_what_was_used_longest_ago_goes_first(folder: Path) -> None:
    cache = Cache(folder)
    keys = [digest(str(number)) for number in range(4)]
    for age, key in enumerate(keys):
        cache.put(key, Note("x" * 1000))
        os.utime(folder / f"{key}.entry", (10_000 + age, 10_000 + age))
    assert Cache(folder).get(keys[0], Note) is not None  # a use: it is the youngest now
    cache.max_bytes = 3_500
    cache.close()
    assert {path.stem for path in entries(folder)} == {keys[0], keys[3]}


def test_only_files_of_ours_are_ever_taken_away(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    theirs = [folder / "notes.txt", folder / "x.entry", folder / f"{KEY}.txt", folder / f"{KEY.upper()}x.entry"]
    for path in theirs:
        path.write_text("y" * 5_000)
        os.utime(path, (1, 1))
    outside = tmp_path / "outside"
    outside.write_text("z")
    (folder / f"{digest('link')}.entry").symlink_to(outside)
    left = folder / ".riskscan-broken"
    left.write_text("half")
    os.utime(left, (1, 1))
    cache = Cache(folder, max_bytes=10)
    cache.put(KEY, Note("x"))
    cache.close()
    assert all(path.exists() for path in theirs)
    assert outside.exists()
    assert not left.exists()
    assert not (folder / f"{KEY}.entry").exists()


def test_a_folder_that_cannot_be_written_is_told_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file" / "cache")
    cache.put(KEY, Note("x"))
    cache.close()
    assert cache.get(KEY, Note) == Note("x")
    assert "file/cache" in cache.fault.replace(os.sep, "/")


def test_processes_share_a_folder(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from scanner.cache.store import Cache; from scanner.cache.keys import digest\n"
        "from scanner.model.value import Ref\n"
        "for n in range(200):\n"
        "    c = Cache(Path(sys.argv[1]), max_bytes=4000); k = digest(str(n % 20)); f = c.get(k, Ref)\n"
        "    assert f is None or f == Ref(str(n % 20) * 50)\n"
        "    c.put(k, Ref(str(n % 20) * 50)); c.close()\n"
    )
    several = [subprocess.Popen([sys.executable, "-c", program, str(folder)]) for _ in range(3)]
    assert [process.wait() for process in several] == [0, 0, 0]
    assert not list(folder.glob(".riskscan-*"))


def test_what_was_asked_for_meanwhile_is_told(folder: Path) -> None:
    cache = Cache(folder)
    cache.put(digest("before"), Note("b"))
    with cache.asked() as found:
        cache.put(KEY, Note("x"))
        cache.get(digest("nothing"), Note)
    assert found == {KEY: Note("x")}
    other = Cache()
    other.adopt(found)
    assert other.get(KEY, Note) == Note("x")
