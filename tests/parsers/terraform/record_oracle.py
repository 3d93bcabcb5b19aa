"""Record what ``terraform console`` answers for ``function_cases.yaml`` and ``type_cases.yaml``.

Run by hand after a change of the cases, with Terraform on the PATH:

    python tests/parsers/terraform/record_oracle.py

It writes ``function_oracle.json`` beside the cases: the Terraform version, the functions that it has, and for each
expression either the text of ``jsonencode(expression)`` or Terraform's error; the same under ``types`` for a variable
of each type with each default.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import yaml

HERE: Final = Path(__file__).parent
CASES: Final = HERE / "function_cases.yaml"
TYPE_CASES: Final = HERE / "type_cases.yaml"
ORACLE: Final = HERE / "function_oracle.json"
FILES: Final = HERE / "function_files"
TIMEOUT_SECONDS: Final = 300


def console(lines: Sequence[str], configuration: str = "") -> tuple[list[str], str]:
    """The answers of one ``terraform console``, and its error text: it stops at the first expression that fails."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "main.tf").write_text(configuration)
        if FILES.is_dir():
            (Path(folder) / FILES.name).symlink_to(FILES)
        done = subprocess.run(
            ["terraform", "console", "-no-color"],
            input="\n".join(lines) + "\n",
            cwd=folder,
            env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    return done.stdout.splitlines(), done.stderr


def ask(expressions: Sequence[str]) -> list[dict[str, str]]:
    """For each expression ``{"json": …}`` or ``{"error": …}``. One line of text each."""
    answers, _ = console([f'try(base64encode(jsonencode({text})), "FAILED")' for text in expressions])
    if len(answers) != len(expressions):  # one of them is not even syntax: ask in halves
        if len(expressions) == 1:
            return [_ask_alone(expressions[0])]
        middle = len(expressions) // 2
        return ask(expressions[:middle]) + ask(expressions[middle:])
    failed = [text for text, answer in zip(expressions, answers, strict=True) if answer == '"FAILED"']
    with ThreadPoolExecutor(2) as pool:
        reasons = dict(zip(failed, pool.map(_ask_alone, failed), strict=True))
    return [reasons.get(text) or _success(answer) for text, answer in zip(expressions, answers, strict=True)]


def _success(answer: str) -> dict[str, str]:
    if not answer.startswith('"'):
        return {"error": f"not decided in the console: {answer}"}
    return {"json": base64.b64decode(answer.strip('"')).decode()}


def ask_type(type_: str, default: str) -> dict[str, str]:
    """The answer for a variable of a type with a default."""
    return _ask_alone("var.x", f'variable "x" {{\n  type = {type_}\n  default = {default}\n}}\n')


def _ask_alone(expression: str, configuration: str = "") -> dict[str, str]:
    answers, error = console([f"base64encode(jsonencode({expression}))"], configuration)
    if answers:
        return _success(answers[0])
    text = " ".join(re.sub(r"[╷│╵]", "", error).split())
    return {"error": (text.partition("Error: ")[2] or text).partition(" goroutine ")[0]}


def main() -> None:
    """Ask for every case that is not marked unknown, and write the answers."""
    cases = [case for cases in yaml.safe_load(CASES.read_text()).values() for case in cases]
    expressions = [case if isinstance(case, str) else case["expression"] for case in cases if "unknown" not in case]
    document = {
        "terraform": json.loads(_terraform("version", "-json"))["terraform_version"],
        "functions": sorted(json.loads(_terraform("metadata", "functions", "-json"))["function_signatures"]),
        "answers": dict(zip(expressions, ask(expressions), strict=True)),
        "types": {
            type_: {default: ask_type(type_, default) for default in defaults}
            for type_, defaults in yaml.safe_load(TYPE_CASES.read_text()).items()
        },
    }
    ORACLE.write_text(json.dumps(document, indent=1) + "\n")


def _terraform(*arguments: str) -> str:
    done = subprocess.run(["terraform", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    main()
