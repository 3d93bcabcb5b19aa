"""What the action takes from a JSON report: ``report.py FILE`` prints the outputs, one ``name=value`` a line.

Standard library only. It writes bytes: text would end its lines with a carriage return on Windows.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def outputs(report: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Every output that is a number. ``None`` is what this report does not say."""
    summary = report["summary"]
    yield "findings", summary["findings"]
    for severity in ("critical", "high", "medium", "low"):
        yield severity, summary["by_severity"][severity]
    yield "unknown", summary["by_outcome"]["unknown"]
    yield "suppressed", summary["by_outcome"]["suppressed"]
    yield "problems", summary["problems"]
    yield "score", report["scores"]["low"]
    since = report.get("since")
    yield "new-findings", len(since["new"]) if since else None
    yield "fixed-findings", len(since["fixed"]) if since else None


def main(file: str) -> None:
    """Print the outputs of a report."""
    found = outputs(json.loads(Path(file).read_bytes()))
    lines = (f"{name}={'' if value is None else value}\n" for name, value in found)
    sys.stdout.buffer.write("".join(lines).encode())


if __name__ == "__main__":
    main(sys.argv[1])
