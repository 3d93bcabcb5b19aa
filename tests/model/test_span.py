"""Where a word stands in a part of a file; lines and columns are counted by hand."""

from __future__ import annotations

import pytest

from scanner.model.span import MAX_SEARCHED, Span, line_of, line_within, whole_word

LINES = ("x = <<EOT a.example.org", "  # a.example.org", "", "  b: a.example.org!  ", "EOT a.example.org")


@pytest.mark.parametrize(
    ("nth", "place"),
    [
        (0, (2, 3, 2, 18)),
        (1, (4, 3, 4, 20)),
        (2, None),  # the first and last lines are cut where the text begins and ends
    ],
)
def test_line_within(nth: int, place: tuple[int, int, int, int] | None) -> None:
    call = Span("main.tf", 9)
    extent = Span("a", 1, 24, 5, 4, call, "in the module called")
    found = line_within(extent, LINES, "a.example.org", nth)
    assert (None if found is None else (found.line, found.column, found.end_line, found.end_column)) == place
    assert found is None or (found.parent, found.via) == (extent.parent, extent.via)


def test_a_span_that_ends_beyond_the_file_is_searched_as_far_as_it_goes() -> None:
    assert line_within(Span("a", 4, 1, 90, 1), LINES, "EOT", 0) == Span("a", 5, 1, 5, 18)


@pytest.mark.parametrize(
    ("word", "text", "stands"),
    [
        ("a.org", "https://a.org:443/", True),
        ("a.org", "A.ORG.", True),
        ("a.org", "b.a.org", False),
        ("a.org", "a.organ", False),
        ("a.org", "a.org.uk", False),
        ("a.org", "x-a.org", False),
        ("arn:aws:", '"arn:aws:s3:::a"', True),
        (".blob.core.windows.net", "a.blob.core.windows.net", True),
    ],
)
def test_whole_words(word: str, text: str, stands: bool) -> None:
    assert (whole_word(word).search(text) is not None) == stands


def test_places_without_a_text_know_no_lines() -> None:
    assert line_of({"a": Span("a", 1)}, "a", "b", 0) is None


def test_a_word_far_behind_is_not_looked_for() -> None:
    lines = ("x" * MAX_SEARCHED, "a.org", "b.org")
    assert line_within(Span("a", 1, 1, 3, 6), (lines[0][:-1], *lines[1:]), "a.org", 0) == Span("a", 2, 1, 2, 6)
    assert line_within(Span("a", 1, 1, 3, 6), lines, "b.org", 0) is None
