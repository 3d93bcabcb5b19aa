"""Renders charts with ``helm-python-sdk``, one after another: a program of its own, run by :mod:`helm_render`.

The SDK is a library compiled from Go. What goes wrong inside of it (a template that loops until memory is used up)
cannot be caught in Python and would end the whole scan; a program of its own can be given limits and be ended. It
imports nothing of ours and is started as ``python -I``, with the folder of the library as its argument.

Each line of its input is a request, each line of its output the answer, both JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Answer requests until there are none."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the library prints is no answer
    sys.path.append(sys.argv[1])
    import helm_python

    for request in sys.stdin:
        print(json.dumps(_answer(helm_python, json.loads(request))), file=answers, flush=True)


def _answer(helm: Any, request: dict[str, Any]) -> dict[str, Any]:
    try:
        values: dict[str, Any] = {}
        for path in request["values"]:
            merge(values, helm.values_from_yaml(Path(path).read_text(encoding="utf-8-sig")))
        with helm.Chart.load(request["chart"]) as chart:
            rendered = chart.render(values, name=request["release"], namespace=request["namespace"])
        large = sum(map(len, rendered.values())) > request["limit"]
        return {"large": True} if large else {"rendered": rendered}
    except (helm.HelmError, OSError, UnicodeDecodeError) as error:
        return {"error": str(error)}


def merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    """Lay values over others, as Helm does with several files: mappings are merged, all else replaced."""
    todo: list[tuple[dict[str, Any], dict[str, Any]]] = [(into, other)]
    while todo:
        under, over = todo.pop()
        for key, value in over.items():
            below = under.get(key)
            if isinstance(value, dict) and isinstance(below, dict):
                todo.append((below, value))
            else:
                under[key] = value


if __name__ == "__main__":
    main()
