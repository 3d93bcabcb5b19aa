"""Commands that are run without a network, where the system can take it away from ordinary users."""

from __future__ import annotations

import shutil
import subprocess
import sys


def without_network() -> list[str]:
    """What to put before a command so that it has a network namespace of its own; nothing where that does not work."""
    jail = ["unshare", "--net", "--map-root-user"]
    if shutil.which("unshare") and subprocess.run([*jail, "true"], capture_output=True, check=False).returncode == 0:
        return jail
    print("unshare does not work here: the tools run with whatever network there is", file=sys.stderr)
    return []
