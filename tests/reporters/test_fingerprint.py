"""Line fingerprints against all vectors of github/codeql-action (``src/fingerprints.test.ts`` at 06fb482, MIT licence)."""

from __future__ import annotations

import random

import pytest

from scanner.reporters.fingerprint import line_hashes

GREETINGS = [
    "e9496ae3ebfced30:1",
    "fb7c023a8b9ccb3f:1",
    "ce8ba1a563dcdaca:1",
    "e20e36e16fcb0cc8:1",
    "b3edc88f2938467e:1",
    "c8e28b0b4002a3a0:1",
    "c129715d7a2bc9a3:1",
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["c129715d7a2bc9a3:1"]),
        (
            " a\nb\n  \t\tc\n d",
            ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
        ),
        (
            " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End",
            [
                "8b7cf3e952e7aeb2:1",
                "b1ae1287ec4718d9:1",
                "bff680108adb0fcc:1",
                "c6805c5e1288b612:1",
                "b86d3392aea1be30:1",
                "e6ceba753e1a442:1",
            ],
        ),
        (" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", GREETINGS),
        (" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", GREETINGS),
        (" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", GREETINGS),
        (" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", GREETINGS),
        (
            "Lorem ipsum dolor sit amet.\n" * 10,
            [
                *(f"a7f2ff13bc495cf2:{number}" for number in range(1, 7)),
                "a7f2ff1481e87703:1",
                "a9cf91f7bbf1862b:1",
                "55ec222b86bcae53:1",
                "cc97dc7b1d7d8f7b:1",
                "c129715d7a2bc9a3:1",
            ],
        ),
    ],
)
def test_vectors_of_github(text: str, expected: list[str]) -> None:
    assert line_hashes(text) == expected


def plainly(text: str) -> list[str]:
    """The definition, window by window: the 100 kept units from each line's start, zeros after the end, in base 37."""
    units = [ord(c) for c in text.replace("\r\n", "\n").replace("\r", "\n") if c not in " \t"] + [0xFFFF]
    starts = [0] + [i + 1 for i, unit in enumerate(units) if unit == 10]
    seen: dict[int, int] = {}
    found = []
    for start in starts:
        value = 0
        for unit in (units[start:] + [0] * 100)[:100]:
            value = (value * 37 + unit) % 2**64
        seen[value] = seen.get(value, 0) + 1
        found.append(f"{value:x}:{seen[value]}")
    return found


def test_rolling_equals_the_definition() -> None:
    generator = random.Random(1)  # noqa: S311 - test data
    for _ in range(50):
        text = "".join(generator.choice("ab {}=\n\n\t\r") for _ in range(generator.randrange(600)))
        # A carriage return, blanks and a line feed make two line ends; the plain replacement agrees.
        assert line_hashes(text) == plainly(text), repr(text)


def test_a_line_keeps_its_hash_when_others_move_above_it() -> None:
    body = "".join(f"line number {number} of the file\n" for number in range(40))
    before = line_hashes(body)
    after = line_hashes("# something new\n\n" + body)
    assert after[2 : 2 + len(before)] == before


def test_characters_outside_the_basic_plane_count_as_two_units() -> None:
    # U+1F600 is the pair D83D DE00 in UTF-16, which is what JavaScript's charCodeAt sees. With 100 zeros after
    # the end mark, the window of a short line starts with its own units: the value is that of the sequence.
    units = [0xD83D, 0xDE00, 0xFFFF] + [0] * 97
    value = 0
    for unit in units:
        value = (value * 37 + unit) % 2**64
    assert line_hashes("\U0001f600") == [f"{value:x}:1"]
