"""Where a word stands in what a table of places knows as a whole; lines and columns are counted by hand."""

from __future__ import annotations

from collections.abc import Callable

from scanner.graph.graph import Graph
from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.normalize.lined_places import EXTENT, lined

SERVER = """\
resource "aws_instance" "node" {
  user_data = <<-EOT
    #!/bin/sh
    # see https://one.example.org
    export RPC=https://one.example.org:443
  EOT
  tags = { Url = "https://two.example.org" }
  ebs_block_device {
    tags = {
      Url = "https://three.example.org"
    }
  }
}
"""


def test_words_of_terraform(graph_of: Callable[..., Graph]) -> None:
    (node,) = graph_of(SERVER).resources.values()
    written = node.declaration
    assert written.span_in("user_data", "one.example.org", 1) == Span("main.tf", 5, 5, 5, 43)
    assert str(written.span_in("tags.Url", "two.example.org")) == "main.tf:7:3"
    assert str(written.span_in("ebs_block_device[0].tags.Url", "three.example.org")) == "main.tf:10:7"
    assert written.span_in("user_data", "four.example.org") == written.span_of("user_data")


def test_a_table_may_tell_key_and_extent_apart() -> None:
    """As one that was made of places which are read lazily: the key's place is one line."""
    places = {"data.a": Span("a.yaml", 2, 3, 2, 4), f"data.a{EXTENT}": Span("a.yaml", 2, 6, 5, 1)}
    lines = ("data:", "  a: |", "    one", "    https://a.org", "  b: c")
    declared = lined(
        Declaration("a", "core/ConfigMap", "a", "kubernetes", Span("a.yaml", 1), {}, places), {"a.yaml": lines}
    )
    assert declared.span_in("data.a", "a.org") == Span("a.yaml", 4, 5, 4, 18)
    assert declared.span_in("data.a", "b.org") == Span("a.yaml", 2, 3, 2, 4)
    assert dict(declared.places) == places


def test_without_the_lines_nothing_changes() -> None:
    declared = Declaration("a", "t", "a", "terraform", Span("a", 1), {}, {"x": Span("a", 1, 1, 3, 1)})
    assert lined(declared, {}) is declared
    assert declared.span_in("x", "y") == Span("a", 1, 1, 3, 1)
