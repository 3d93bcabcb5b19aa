"""A revision as files: all of it, nothing else, and nothing of the repository runs or changes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from scanner.revisions import Repository, RevisionError, checked_out, find_repository
from scanner.revisions.git import environment, find_program
from scanner.revisions.tree import is_safe, stays_inside

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is asked")

LARGEST = 1 << 20
WHO = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    def call(*arguments: str, at: Path = tmp_path / "repository", data: bytes = b"") -> str:
        command = ["git", *WHO, "-c", "protocol.file.allow=always", *arguments]
        done = subprocess.run(command, cwd=at, check=True, capture_output=True, input=data)
        return done.stdout.decode().strip()

    (tmp_path / "repository").mkdir()
    call("init", "-q", "-b", "main")
    return call


@pytest.fixture
def root(tmp_path: Path, git: Git) -> Path:
    """A repository of one commit; the working tree has moved on."""
    root = tmp_path / "repository"
    (root / "infra").mkdir()
    (root / "infra" / "main.tf").write_text("locals { a = 1 }\n", encoding="utf-8")
    (root / "other.tf").write_text("locals { b = 1 }\n", encoding="utf-8")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    (root / "infra" / "main.tf").write_text("locals { a = 2 }\n", encoding="utf-8")
    return root


def files(folder: Path) -> dict[str, bytes]:
    """The regular files below a folder, by name."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def state(root: Path) -> dict[str, tuple[int, str]]:
    """Everything in a repository's own folder, with its content and the time of its last change."""
    found = (path for path in (root / ".git").rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()) for path in found}


def test_the_revision_is_written_and_the_repository_is_not(root: Path) -> None:
    before = state(root)
    with checked_out(find_repository(root), "HEAD", [root], LARGEST) as checkout:
        assert files(checkout.folder) == {"infra/main.tf": b"locals { a = 1 }\n", "other.tf": b"locals { b = 1 }\n"}
        folder = checkout.folder
    assert not folder.exists()
    assert state(root) == before
    assert (root / "infra" / "main.tf").read_text(encoding="utf-8") == "locals { a = 2 }\n"


def test_a_sub_directory_is_written_alone(root: Path) -> None:
    with checked_out(find_repository(root / "infra"), "main", [root / "infra"], LARGEST) as checkout:
        assert set(files(checkout.folder)) == {"infra/main.tf"}
        assert checkout.place_of(root / "infra") == checkout.folder / "infra"
        assert checkout.origin_of(checkout.folder / "infra") == root / "infra"
        checkout.add_all()
        assert set(files(checkout.folder)) == {"infra/main.tf", "other.tf"}


def test_what_did_not_exist_is_an_empty_folder(root: Path) -> None:
    (root / "new").mkdir()
    with checked_out(find_repository(root), "HEAD", [root / "new"], LARGEST) as checkout:
        assert checkout.place_of(root / "new").is_dir()
        assert files(checkout.folder) == {}


def test_a_path_outside_of_the_repository_is_refused(root: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(RevisionError, match="is not in the repository"),
        checked_out(find_repository(root), "HEAD", [tmp_path], LARGEST),
    ):
        pass


def test_parents_of_a_merge(root: Path, git: Git) -> None:
    """https://git-scm.com/docs/gitrevisions#Documentation/gitrevisions.txt-revn: ^1 is the branch merged into."""
    git("checkout", "-q", "-b", "side")
    git("commit", "-q", "-am", "side")
    git("checkout", "-q", "main")
    (root / "third.tf").write_text("", encoding="utf-8")
    git("add", "-A")
    git("commit", "-q", "-m", "on main")
    git("merge", "-q", "--no-ff", "-m", "merge", "side")
    repository = find_repository(root)
    assert repository.commit("HEAD^1") == git("rev-parse", "main^1")
    with checked_out(repository, "HEAD^1", [root], LARGEST) as checkout:
        assert files(checkout.folder)["infra/main.tf"] == b"locals { a = 1 }\n"
        assert "third.tf" in files(checkout.folder)


def test_where_a_branch_left_another(root: Path, git: Git, tmp_path: Path) -> None:
    """As ``git diff main...`` means it: https://git-scm.com/docs/git-diff."""
    left = git("rev-parse", "HEAD")
    git("checkout", "-q", "-b", "side")
    git("commit", "-q", "-am", "side")
    git("checkout", "-q", "main")
    git("commit", "-q", "--allow-empty", "-m", "on main")
    git("checkout", "-q", "side")
    assert find_repository(root).commit("main...") == left
    git("clone", "-q", "--depth=1", "--no-single-branch", f"file://{root}", str(tmp_path / "shallow"), at=tmp_path)
    with pytest.raises(RevisionError, match=r"where this branch left origin/main is not in this clone"):
        find_repository(tmp_path / "shallow").commit("origin/main...")


# -- what a repository can do to those who check it out ---------------------------------------------


def test_attributes_leave_nothing_out_and_filters_do_not_run(root: Path, git: Git, tmp_path: Path) -> None:
    """https://git-scm.com/docs/gitattributes: export-ignore, export-subst, filter, ident, text."""
    trap = tmp_path / "ran"
    (root / ".gitattributes").write_text(
        "infra export-ignore\nsub.tf export-subst ident\n*.tf filter=trap diff=trap\n", encoding="utf-8"
    )
    (root / "sub.tf").write_text("# $Format:%H$ $Id$\n", encoding="utf-8")
    git("add", "-A")
    git("commit", "-q", "-m", "two")
    for name in (
        "filter.trap.smudge",
        "filter.trap.clean",
        "filter.trap.process",
        "diff.trap.textconv",
        "core.fsmonitor",
    ):
        git("config", name, f"touch '{trap}'")
    hooks = root / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-index-change", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch '{trap}'\n", encoding="utf-8")
        (hooks / name).chmod(0o755)
    git("config", "core.hooksPath", str(hooks))
    trap.unlink(missing_ok=True)
    with checked_out(find_repository(root), "HEAD", [root], LARGEST) as checkout:
        found = files(checkout.folder)
    assert not trap.exists()
    assert found["infra/main.tf"] == b"locals { a = 2 }\n"
    assert found["sub.tf"] == b"# $Format:%H$ $Id$\n"


def made_tree(git: Git, entries: Sequence[tuple[str, str, bytes]]) -> str:
    """A commit of a tree that git itself would refuse to make; each entry is a mode, a name and a content."""
    lines = []
    for mode, name, content in entries:
        oid = git("hash-object", "-w", "--stdin", data=content)
        lines.append(mode.encode() + b" " + name.encode() + b"\0" + bytes.fromhex(oid))
    body = git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", data=b"".join(lines))
    return git("commit-tree", "-m", "made", body)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
def test_links_are_kept_and_never_lead_out(root: Path, git: Git, tmp_path: Path) -> None:
    (tmp_path / "secret.tf").write_text("locals { secret = 1 }\n", encoding="utf-8")
    (root / "infra" / "same.tf").symlink_to("main.tf")
    (root / "infra" / "up.tf").symlink_to("../other.tf")
    (root / "out.tf").symlink_to("../secret.tf")
    (root / "absolute.tf").symlink_to(tmp_path / "secret.tf")
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "c").symlink_to("../../infra")  # lies deeper than it leads
    (root / "chain.tf").symlink_to("a/b/c/../../secret.tf")  # stays inside by its words alone
    git("add", "-A")
    git("commit", "-q", "-m", "links")
    with checked_out(find_repository(root), "HEAD", [root], LARGEST) as checkout:
        folder = checkout.folder
        assert (folder / "infra/same.tf").readlink() == Path("main.tf")
        assert (folder / "infra/up.tf").read_bytes() == b"locals { b = 1 }\n"
        assert not any(os.path.lexists(folder / name) for name in ("out.tf", "absolute.tf", "chain.tf"))
        told = {problem.span.file: problem.message for problem in checkout.absences}
    assert set(told) == {"out.tf", "absolute.tf", "chain.tf"}
    assert all("a link that leads outside" in message for message in told.values())


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
def test_no_file_is_written_through_a_link(root: Path, git: Git, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    inner = git("hash-object", "-w", "--stdin", data=b"hostile")
    tree = git(
        "hash-object", "-w", "-t", "tree", "--literally", "--stdin", data=b"100644 file.tf\0" + bytes.fromhex(inner)
    )
    link = git("hash-object", "-w", "--stdin", data=str(outside).encode())
    body = b"120000 dir\0" + bytes.fromhex(link) + b"40000 dir\0" + bytes.fromhex(tree)
    made = git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", data=body)
    commit = git("commit-tree", "-m", "made", made)
    with checked_out(find_repository(root), commit, [root], LARGEST) as checkout:
        assert files(checkout.folder) == {"dir/file.tf": b"hostile"}
        assert not (checkout.folder / "dir").is_symlink()
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("name", ["..", ".git", ".GIT", "."])
def test_names_that_no_file_may_have_are_left_out(name: str, root: Path, git: Git) -> None:
    commit = made_tree(git, [("100644", name, b"hostile"), ("100644", "ok.tf", b"fine")])
    with checked_out(find_repository(root), commit, [root], LARGEST) as checkout:
        assert files(checkout.folder) == {"ok.tf": b"fine"}
        assert [problem.message for problem in checkout.absences] == [
            "left out of that revision: its name cannot be a file's here"
        ]


@pytest.mark.parametrize("name", ["a//b", "a/../b", "/a", "a/.git/config", "a\0b"])
def test_unsafe_paths(name: str) -> None:
    assert not is_safe(name)


@pytest.mark.parametrize(
    ("name", "target", "stays"),
    [
        ("a/b/link", "../../c", True),
        ("a/b/link", "../../../c", False),
        ("link", "a/../..", False),
        ("link", "/etc", False),
        ("link", ".", True),
    ],
)
def test_where_links_lead(name: str, target: str, stays: bool) -> None:
    assert stays_inside(name, target) is stays


# -- large, elsewhere, absent -----------------------------------------------------------------------


def test_a_large_file_has_its_size_and_a_snapshot_its_content(root: Path, git: Git) -> None:
    (root / "large.tf").write_bytes(b"x" * 2000)
    (root / "snapshot.json").write_bytes(b"y" * 2000)
    git("add", "-A")
    git("commit", "-q", "-m", "large")
    with checked_out(find_repository(root), "HEAD", [root], 1000) as checkout:
        assert (checkout.folder / "large.tf").read_bytes() == bytes(2000)
        assert (checkout.folder / "snapshot.json").read_bytes() == b"y" * 2000


def test_lfs_is_read_where_this_clone_has_it(root: Path, git: Git) -> None:
    """The layout is documented: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md."""
    content = b"locals { stored = 1 }\n"
    oid = hashlib.sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n".encode()
    (root / "stored.tf").write_bytes(pointer)
    git("add", "-A")
    git("commit", "-q", "-m", "pointer")
    with checked_out(find_repository(root), "HEAD", [root], LARGEST) as checkout:
        assert (checkout.folder / "stored.tf").read_bytes() == pointer
    place = root / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    place.parent.mkdir(parents=True)
    place.write_bytes(b"something else")
    with checked_out(find_repository(root), "HEAD", [root], LARGEST) as checkout:
        assert (checkout.folder / "stored.tf").read_bytes() == pointer
    place.write_bytes(content)
    with checked_out(find_repository(root), "HEAD", [root], LARGEST) as checkout:
        assert (checkout.folder / "stored.tf").read_bytes() == content


def test_a_submodule_is_read_from_its_clone_or_told(root: Path, git: Git, tmp_path: Path) -> None:
    module = tmp_path / "module"
    module.mkdir()
    git("init", "-q", at=module)
    (module / "net.tf").write_text("locals { net = 1 }\n", encoding="utf-8")
    git("add", "-A", at=module)
    git("commit", "-q", "-m", "one", at=module)
    git("submodule", "add", "-q", str(module), "vendored")
    git("commit", "-q", "-am", "with a submodule")
    with checked_out(find_repository(root), "HEAD", [root], LARGEST) as checkout:
        assert files(checkout.folder)["vendored/net.tf"] == b"locals { net = 1 }\n"
        assert checkout.absences == ()
    shutil.rmtree(root / "vendored")
    (root / "vendored").mkdir()
    with checked_out(find_repository(root), "HEAD", [root], LARGEST) as checkout:
        assert "vendored/net.tf" not in files(checkout.folder)
        (told,) = checkout.absences
    assert told.span.file == "vendored"
    assert "of this submodule is not in this clone" in told.message


@pytest.fixture
def shallow(root: Path, git: Git, tmp_path: Path) -> Path:
    """A clone of the last commit alone, as actions/checkout makes it."""
    git("commit", "-q", "-am", "two")
    git("clone", "-q", "--depth=1", f"file://{root}", str(tmp_path / "shallow"), at=tmp_path)
    return tmp_path / "shallow"


def test_a_commit_that_a_shallow_clone_lacks(shallow: Path, root: Path, git: Git) -> None:
    first = git("rev-parse", "main^", at=root)
    with pytest.raises(RevisionError) as caught:
        find_repository(shallow).commit(first)
    assert str(caught.value) == (
        f"the commit {first} is not in this clone; fetch it with `git fetch --depth=1 origin {first}`, "
        "or check out with fetch-depth: 2"
    )
    with pytest.raises(RevisionError, match=r"which is shallow.*fetch-depth: 2"):
        find_repository(shallow).commit("HEAD^1")


def test_a_partial_clone_does_not_fetch(root: Path, git: Git, tmp_path: Path) -> None:
    git("config", "uploadpack.allowFilter", "true")
    git("commit", "-q", "-am", "two")
    git("clone", "-q", "--filter=blob:none", f"file://{root}", str(tmp_path / "partial"), at=tmp_path)
    with (
        pytest.raises(
            RevisionError, match=r"is not whole in this clone.*--no-filter|is not in this clone, which is a partial one"
        ),
        checked_out(find_repository(tmp_path / "partial"), "HEAD^1", [tmp_path / "partial"], LARGEST),
    ):
        pass


def test_an_object_that_is_missing(root: Path, git: Git) -> None:
    (root / "tool").write_text("binary", encoding="utf-8")
    git("add", "-A")
    git("commit", "-q", "-m", "two")

    def lose(name: str) -> None:
        oid = git("rev-parse", f"HEAD:{name}")
        (root / ".git" / "objects" / oid[:2] / oid[2:]).unlink()

    lose("tool")
    with checked_out(find_repository(root), "HEAD", [root], LARGEST) as checkout:
        assert set(files(checkout.folder)) == {"infra/main.tf", "other.tf"}
        assert [problem.message for problem in checkout.absences] == [
            "left out of that revision: it is not in this clone"
        ]
    lose("other.tf")
    with (
        pytest.raises(RevisionError, match=r"other\.tf of that revision is not in this clone"),
        checked_out(find_repository(root), "HEAD", [root], LARGEST),
    ):
        pass


@pytest.mark.parametrize(
    ("revision", "message"),
    [
        ("-x", "'-x' is no revision"),
        ("--output=x", "is no revision"),
        ("a\nb", "is no revision"),
        ("", "is no revision"),
        ("0123456789012345678901234567890123456789", "the commit 0123456789012345678901234567890123456789 is not in"),
        ("HEAD:infra", "HEAD:infra is no commit"),
        ("HEAD~7", "there is no commit HEAD~7"),
        ("origin/release", "git fetch --depth=1 origin release:refs/remotes/origin/release"),
    ],
)
def test_what_is_no_commit_here(revision: str, message: str, root: Path) -> None:
    with pytest.raises(RevisionError) as caught:
        find_repository(root).commit(revision)
    assert message in str(caught.value)


@pytest.mark.usefixtures("git")
def test_a_repository_without_commits(tmp_path: Path) -> None:
    with pytest.raises(RevisionError, match="no path and no revision HEAD"):
        find_repository(tmp_path / "repository").commit("HEAD")


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(RevisionError, match="is in no git repository"):
        find_repository(tmp_path)


def test_no_git(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RevisionError, match="git is not on the PATH"):
        find_repository(root)


def test_a_git_in_what_is_scanned_is_never_run(root: Path) -> None:
    name = "git.exe" if sys.platform == "win32" else "git"
    (root / name).write_text("#!/bin/sh\n", encoding="utf-8")
    (root / name).chmod(0o755)
    with pytest.raises(RevisionError, match="git is not on the PATH"):
        find_program(os.pathsep.join([str(root), ".", ""]), root)


def test_a_hook_is_not_mistaken_for_the_user() -> None:
    """Git runs hooks with variables that name its own index: https://git-scm.com/docs/githooks."""
    outer = {"GIT_DIR": "x", "GIT_INDEX_FILE": "y", "GIT_WORK_TREE": "z", "GIT_CONFIG_GLOBAL": "kept", "HOME": "h"}
    found = environment(outer)
    assert not {"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"} & found.keys()
    assert (found["GIT_CONFIG_GLOBAL"], found["HOME"], found["GIT_TERMINAL_PROMPT"]) == ("kept", "h", "0")


def test_from_within_a_hook(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "nowhere")
    repository = find_repository(root / "infra")
    assert repository == Repository(root.resolve(), repository.program)
    assert len(repository.commit("HEAD")) == 40
