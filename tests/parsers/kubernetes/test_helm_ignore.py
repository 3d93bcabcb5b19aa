"""What ``.helmignore`` leaves out: by Helm's documentation, and as Helm itself loads folders."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import pytest

from scanner.parsers.kubernetes.helm_ignore import BadPattern, kept, patterns
from scanner.parsers.kubernetes.helm_render import PACKAGE

FILES = (
    "Chart.yaml",
    ".helmignore",
    "values.yaml",
    "cargo/a.txt",
    "cargo/b.txt",
    "mast/a.txt",
    "mast/b.txt",
    "rudder.txt",
    "temp/deep/x.txt",
    "tiller.txt",
    "ab.txt",
    "aab.txt",
    "files/a-b]c.txt",
    "templates/web.yaml",
    "templates/.hidden.yaml",
    "templates/.helmignore",
    "templates/db.yaml.bak",
)
ALWAYS = {"templates/.hidden.yaml", "templates/.helmignore"}
"""Helm adds ``templates/.?*`` to every chart's rules."""

# From https://helm.sh/docs/chart_template_guide/helm_ignore_file/ and the comments of Helm's rules.go.
DOCUMENTED = [
    ("", set()),
    ("# a comment\n\n", set()),
    ("*.txt", {f for f in FILES if f.endswith(".txt")}),
    ("temp", {"temp/deep/x.txt"}),
    ("temp/", {"temp/deep/x.txt"}),
    ("rudder.txt/", set()),
    ("/*.txt", {"rudder.txt", "tiller.txt", "ab.txt", "aab.txt"}),
    ("/cargo/*.txt", {"cargo/a.txt", "cargo/b.txt"}),
    ("cargo/*.txt", {"cargo/a.txt", "cargo/b.txt"}),
    ("a[bc].txt", {"ab.txt"}),
    ("?ab.txt", {"aab.txt"}),
    ("[^r]u*.txt", set()),
    ("[q-s]udder.txt", {"rudder.txt"}),
    ("ti[k-m][k-m]er.txt", {"tiller.txt"}),
    ("rudder\\.txt", {"rudder.txt"}),
    ("a-b[\\]]c.txt", {"files/a-b]c.txt"}),
    ("*.bak", {"templates/db.yaml.bak"}),
]
REFUSED = ["**/x.txt", "[]a]", "[", "[a-", "a\\", "[-a]"]


@pytest.mark.parametrize(("text", "left_out"), DOCUMENTED)
def test_patterns_leave_out_what_the_documentation_says(text: str, left_out: set[str]) -> None:
    assert set(kept(FILES, patterns(text))) == set(FILES) - left_out - ALWAYS


def test_a_negated_pattern_leaves_out_whatever_it_does_not_match() -> None:
    """So ``!*.txt`` leaves out every folder, too: rules.go, ``Ignore``."""
    assert set(kept(FILES, patterns("!*.txt"))) == {"rudder.txt", "tiller.txt", "ab.txt", "aab.txt"}


@pytest.mark.parametrize("text", REFUSED)
def test_what_helm_refuses_is_refused(text: str) -> None:
    with pytest.raises(BadPattern):
        patterns(text)


@pytest.mark.skipif(importlib.util.find_spec(PACKAGE) is None, reason="the extra helm is not installed")
@pytest.mark.parametrize("text", [*(text for text, _ in DOCUMENTED), *REFUSED, "!*.txt", "!cargo/"])
def test_helm_itself_loads_the_same_files_of_a_folder(text: str, tmp_path: Path) -> None:
    helm = importlib.import_module(PACKAGE)
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x: 1\n", encoding="utf-8")
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: it\nversion: 1.0.0\n", encoding="utf-8")
    (tmp_path / ".helmignore").write_text(text, encoding="utf-8")
    own = {"Chart.yaml", "values.yaml"}  # what Helm reads them for is not listed among the files
    try:
        expected = set(kept(FILES, patterns(text)))
    except BadPattern:
        with pytest.raises(helm.HelmError):
            helm.Chart.load(tmp_path)
        return
    if "Chart.yaml" not in expected:
        with pytest.raises(helm.HelmError):
            helm.Chart.load(tmp_path)
        return
    with helm.Chart.load(tmp_path) as chart:
        found = {each["name"] for each in (*chart.files, *chart.templates)}
    assert found - own == expected - own
