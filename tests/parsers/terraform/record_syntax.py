"""Record what Terraform makes of every case of ``syntax_cases.yaml``.

Run by hand after a change of the cases, with Terraform on the PATH:

    python tests/parsers/terraform/record_syntax.py

It writes ``syntax_oracle.json`` beside the cases: the value of each constant expression (by ``terraform console``) and
whether each file is syntax at all (by ``terraform fmt``, which stops at syntax errors and knows no schema).
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

import yaml

HERE: Final = Path(__file__).parent
CASES: Final = HERE / "syntax_cases.yaml"
ORACLE: Final = HERE / "syntax_oracle.json"
ENVIRONMENT: Final = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull}


def values(expressions: list[str]) -> list[Any]:
    """The value of each expression, which may run over several lines: all are locals of one configuration."""
    with tempfile.TemporaryDirectory() as folder:
        for index, text in enumerate(expressions):
            source = f"locals {{\n  v{index} = {text}\n}}\n".encode()
            (Path(folder) / f"v{index}.tf").write_bytes(source)
        names = ", ".join(f"local.v{index}" for index in range(len(expressions)))
        done = subprocess.run(
            ["terraform", "console"],
            input=f"jsonencode([{names}])\n",
            cwd=folder,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=True,
        )
    result: list[Any] = json.loads(json.loads(done.stdout))
    return result


def accepted(source: str) -> bool:
    """Whether Terraform's parser takes a file."""
    done = subprocess.run(
        ["terraform", "fmt", "-no-color", "-"], input=source.encode(), env=ENVIRONMENT, capture_output=True, check=False
    )
    return done.returncode == 0


def main() -> None:
    """Ask Terraform and write the answers."""
    cases = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    version = json.loads(subprocess.check_output(["terraform", "version", "-json"], env=ENVIRONMENT))
    recorded = {
        "terraform": version["terraform_version"],
        "values": dict(zip(cases["values"], values(cases["values"]), strict=True)),
        "files": {source: accepted(source) for source in cases["files"]},
    }
    ORACLE.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
