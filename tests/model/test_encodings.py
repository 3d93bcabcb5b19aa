"""The table of https://yaml.org/spec/1.2.2/#52-character-encodings, row by row."""

from __future__ import annotations

import pytest

from scanner.model.encodings import encoding_of

ROWS = [
    (b"\x00\x00\xfe\xff\x00\x00\x00a", "utf-32"),
    (b"\x00\x00\x00a", "utf-32-be"),
    (b"\xff\xfe\x00\x00a\x00\x00\x00", "utf-32"),
    (b"a\x00\x00\x00", "utf-32-le"),
    (b"\xfe\xff\x00a", "utf-16"),
    (b"\x00a\x00:", "utf-16-be"),
    (b"\xff\xfea\x00", "utf-16"),
    (b"a\x00:\x00", "utf-16-le"),
    (b"\xef\xbb\xbfa", "utf-8-sig"),
    (b"a: 1", "utf-8"),
    (b"", "utf-8"),
    (b"a", "utf-8"),
]


@pytest.mark.parametrize(("content", "encoding"), ROWS)
def test_the_first_bytes_tell_the_encoding(content: bytes, encoding: str) -> None:
    assert encoding_of(content) == encoding


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_what_is_written_so_is_read_so(encoding: str) -> None:
    assert "kind: Pod".encode(encoding).decode(encoding_of("kind: Pod".encode(encoding))) == "kind: Pod"
