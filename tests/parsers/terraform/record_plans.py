"""Record what Terraform plans for plan_cases.yaml: ``python record_plans.py``, with ``terraform`` on the PATH."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


def planned(case: dict[str, Any]) -> dict[str, Any]:
    """Addresses → planned ``input`` of one case."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in case["files"].items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, **case.get("environment", {})}

        def run(*arguments: str) -> str:
            command = ["terraform", *arguments]
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(done.stdout + done.stderr)
            return done.stdout

        run("init", "-backend=false", "-input=false")
        run("plan", "-input=false", "-out=plan.bin", *case.get("arguments", ()))
        plan = json.loads(run("show", "-json", "plan.bin"))
    changes = plan.get("resource_changes", [])
    return {change["address"]: change["change"]["after"].get("input") for change in changes}


def main() -> None:
    """Write plan_oracle.json."""
    cases = yaml.safe_load((HERE / "plan_cases.yaml").read_text(encoding="utf-8"))
    oracle = {name: planned(case) for name, case in cases.items()}
    text = json.dumps(oracle, indent=1, sort_keys=True, ensure_ascii=False)
    (HERE / "plan_oracle.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
