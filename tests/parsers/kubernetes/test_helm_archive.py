"""The archive that Helm is handed, against Python's own."""

from __future__ import annotations

import gzip
import io
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from scanner.parsers.kubernetes.helm_wrap import _header, _packed

NAMES = st.text(
    st.characters(exclude_characters="\0", categories=("L", "N", "P", "S", "Z", "M")), min_size=1, max_size=120
)


@given(NAMES, st.integers(0, (1 << 33) - 1))
def test_headers_are_those_of_tarfile(name: str, size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size = size
    assert _header(name, size) == member.tobuf(tarfile.GNU_FORMAT)


def test_all_files_come_out() -> None:
    files = {"chart/Chart.yaml": b"name: a\n", "chart/" + "long/" * 30 + "x.yaml": b"y" * 1000, "chart/ä.txt": b""}
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(_packed(files)))) as opened:
        assert {m.name: (opened.extractfile(m) or io.BytesIO()).read() for m in opened} == files
