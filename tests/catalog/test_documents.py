"""YAML files by anybody: data, the lines of keys, and which files are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.catalog.documents import DocumentError, read_document, yaml_files

TEXT = "a: no\nb:\n  - {c: 2024-01-02, a: 1}\nd: 012\n"


def test_data_and_the_first_line_of_each_key(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(TEXT, encoding="utf-8")
    document = read_document(tmp_path / "x.yaml", "x.yaml")
    assert document.data["a"] is False
    assert document.lines() == {"a": 1, "b": 2, "c": 3, "d": 4}


def test_scalars_may_stay_the_text_that_is_written(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(TEXT, encoding="utf-8")
    document = read_document(tmp_path / "x.yaml", "x.yaml", as_text=True)
    assert document.data == {"a": "no", "b": [{"c": "2024-01-02", "a": "1"}], "d": "012"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a: &x 1\nb: *x\n", "mine/x.yaml:2: aliases are not allowed"),
        (b"[" * 51 + b"]" * 51, "mine/x.yaml:1: nested deeper than 50 levels"),
        (b"[" * 100_000, "mine/x.yaml:1: nested deeper than 50 levels"),
        (b"a: b: c\n", "mine/x.yaml:1: not valid YAML: mapping values are not allowed in this context"),
        (b"\xff\xfe\xff", "mine/x.yaml:1: not valid YAML: "),
        (
            b"a: !!python/object/apply:os.system [x]\n",
            "mine/x.yaml:1: not valid YAML: could not determine a constructor",
        ),
    ],
)
def test_what_is_no_document_is_refused_with_its_line(content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(content)
    with pytest.raises(DocumentError) as error:
        read_document(tmp_path / "x.yaml", "mine/x.yaml")
    assert str(error.value).startswith(told)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"^x\.yaml: No such file or directory$"):
        read_document(tmp_path / "x.yaml", "x.yaml")


def test_files_come_in_order_and_without_those_of_other_folders(tmp_path: Path) -> None:
    for name in ("b/x.yaml", "a.yaml", "other/y.yaml", "a.yml", "b/other/z.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in yaml_files(tmp_path, frozenset({"other"}))]
    assert found == ["a.yaml", "b/x.yaml"]
