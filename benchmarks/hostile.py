"""What hostile YAML costs: each case scanned by a process of its own, with its CPU seconds, memory and first problem.

    python benchmarks/hostile.py

The numbers are those of the whole command. It ends with 1 when a case takes more than 2 CPU seconds or 300 MB, or when
a broken one is read without a word.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

SECONDS, MEGABYTES = 2.0, 300
RISKSCAN: Final = Path(sys.executable).with_name("riskscan")
MANIFEST: Final = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
COMPOSE: Final = "services:\n  a:\n    image: x\n"
_MEASURED: Final = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], capture_output=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)
"""


def bomb() -> str:
    """Aliases that stand for a billion values."""
    names = "abcdefghij"
    repeated = (f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in pairwise(names))
    return "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(repeated)


def selecting(number: int) -> str:
    """So many services, each of which selects the pods of so many deployments."""
    pod = "metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: x}]}"
    deployment = f"spec: {{replicas: 2, selector: {{matchLabels: {{a: b}}}}, template: {{{pod}}}}}"
    service = "spec: {selector: {a: b}, ports: [{port: 80}]}"
    return "".join(
        f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{n}}}\n{service}\n"
        f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{n}}}\n{deployment}\n"
        for n in range(number)
    )


def manifests() -> Iterator[tuple[str, str]]:
    """Manifests by what is wrong with them."""
    yield "alias bomb", MANIFEST + bomb()
    yield "10,000 lists in each other", MANIFEST + "data: " + "[" * 10_000 + "]" * 10_000
    yield "10,000 mappings in each other", MANIFEST + "data: " + "{a: " * 10_000 + "1" + "}" * 10_000
    yield "3,000 blocks in each other", MANIFEST + "data:\n" + "".join(" " * (n + 1) + "- \n" for n in range(3000))
    yield "a key 100,000 times", MANIFEST + "data:\n" + "  a: 1\n" * 100_000
    yield "99,000 keys", MANIFEST + "data:\n" + "".join(f"  k{n}: {'v' * 40}\n" for n in range(99_000))
    yield "9,990 long values", MANIFEST + "data:\n" + "".join(f"  k{n}: {'v' * 400}\n" for n in range(9990))
    yield "5 MB in one value", MANIFEST + "data:\n  a: " + "x" * 5_000_000
    yield "5 MB of dots", MANIFEST + "data:\n  a: " + "x." * 2_500_000
    yield "200,000 lines of text", MANIFEST + "data:\n  a: |\n" + "    line of text number\n" * 200_000
    yield "50,000 documents", ("---\n" + MANIFEST) * 50_000
    yield "49,000 items", MANIFEST + "data:\n" + "  - v\n" * 49_000
    yield "tabs", MANIFEST + "data:\n\ta: 1\n"
    yield "NUL", MANIFEST + "data:\n  a: \0\n"
    merged = "".join(f"x{n}: &x{n} {{<<: *x{n - 1}}}\n" for n in range(1, 1000))
    yield "1,000 merges", MANIFEST + "x0: &x0 {a: 1}\n" + merged
    yield "1,000 services of 1,000 deployments", selecting(1000)


def compose_files() -> Iterator[tuple[str, str]]:
    """Compose files by what is wrong with them."""
    yield "alias bomb in Compose", COMPOSE + "x-b:\n" + "".join(f"  {line}\n" for line in bomb().splitlines())
    for section in ("environment", "labels"):
        many = "".join(f"      K{n}: v\n" for n in range(99_000))
        yield f"99,000 entries of {section}", f"{COMPOSE}    {section}:\n{many}"
    yield "20,000 services", "services:\n" + "".join(f"  s{n}:\n    image: x\n" for n in range(20_000))
    needing = "".join(f"  s{n}:\n    image: x\n    depends_on: [s0]\n" for n in range(999))
    yield "999 services that need one", f"services:\n{needing}"


def encodings() -> Iterator[tuple[str, bytes]]:
    """Manifests in encodings that are not UTF-8, or only in part."""
    yield "UTF-8 with a mark", b"\xef\xbb\xbf" + MANIFEST.encode()
    yield "two encodings", MANIFEST.encode() + b"data:\n  a: \xff\xfe\x00b\n"
    yield "UTF-16 without a mark", (MANIFEST + "data: {a: b}\n").encode("utf-16-le")
    yield "UTF-32", MANIFEST.encode("utf-32")
    yield "Latin-1", MANIFEST.encode() + "data: {a: h\xe9}\n".encode("latin-1")


SOUND: Final = frozenset(
    {
        *("9,990 long values", "5 MB in one value", "5 MB of dots", "200,000 lines of text", "49,000 items"),
        *("999 services that need one", "1,000 merges", "UTF-8 with a mark", "UTF-16 without a mark", "UTF-32"),
    }
)
"""Cases that are only large or unusual: nothing need be said of them."""


def cases() -> Iterator[tuple[str, str, bytes]]:
    """The name of each case, its file's name and content."""
    yield from ((name, "manifest.yaml", text.encode()) for name, text in manifests())
    yield (
        "JSON lists in each other",
        "pod.json",
        b'{"apiVersion":"v1","kind":"Pod","spec":%s%s}' % (b"[" * 10_000, b"]" * 10_000),
    )
    yield from ((name, "compose.yaml", text.encode()) for name, text in compose_files())
    yield from ((name, "manifest.yaml", content) for name, content in encodings())


def measured(folder: Path, name: str, content: bytes) -> tuple[float, int, list[str]]:
    """CPU seconds, megabytes, and what was said of one file scanned alone."""
    folder.mkdir()
    (folder / name).write_bytes(content)
    report = folder.with_suffix(".json")
    scan = [str(RISKSCAN), "scan", "--no-config", "--output", f"json={report}", str(folder)]
    ran = subprocess.run([sys.executable, "-c", _MEASURED, *scan], capture_output=True, text=True, check=True)
    seconds, megabytes = ran.stdout.split()
    problems = json.loads(report.read_text(encoding="utf-8"))["problems"]
    return float(seconds), int(megabytes), [problem["message"] for problem in problems]


def main() -> int:
    """Measure all cases and print a Markdown table."""
    bad = 0
    print("| case | CPU s | MB | problem |\n|---|---:|---:|---|")
    with TemporaryDirectory() as place:
        for number, (name, file, content) in enumerate(cases()):
            seconds, megabytes, problems = measured(Path(place, str(number)), file, content)
            bad += seconds > SECONDS or megabytes > MEGABYTES or not (problems or name in SOUND)
            print(f"| {name} | {seconds:.2f} | {megabytes} | {problems[0][:70] if problems else ''} |", flush=True)
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
