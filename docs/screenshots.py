"""Makes the README's pictures: the page on the example exchange, with a recorded power failure of Tokyo replayed.

    python docs/screenshots.py

It needs the extra `browser` and a Chromium: `chromium` on the PATH, or the path in CHROMIUM. The pictures depend on the
fonts of the machine, so no test compares them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "images"
EXAMPLE = "examples/tokyo-exchange"
INCIDENT = "aws-2025-04-15-tokyo"
SIZE = {"width": 1280, "height": 960}
COLORS = 128
"""A picture of text needs few colours, and a small file."""


def main() -> None:
    """Write ``report.png`` and ``report-dark.png``."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        command = ["riskscan", "scan", "--quiet", "--exit-zero", "--output", f"html={page}", EXAMPLE]
        subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603  # our own command
        FOLDER.mkdir(exist_ok=True)
        for scheme, name in (("light", "report.png"), ("dark", "report-dark.png")):
            take(page, scheme, FOLDER / name)


def take(page: Path, scheme: str, file: Path) -> None:
    """Photograph the map of a page as it opens with the incident in its address."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        sys.exit("no chromium on the PATH; say where it is in CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page(viewport=SIZE, device_scale_factor=2, color_scheme=scheme)  # type: ignore[arg-type]
        tab.goto(f"{page.as_uri()}#incident={INCIDENT}")
        tab.evaluate("document.querySelector('#map .head').scrollIntoView({behavior: 'instant'})")
        tab.screenshot(path=file)
        browser.close()
    shrink(file)


def shrink(file: Path) -> None:
    """Keep the few colours that a page of text has, where Pillow is there to do it."""
    try:
        from PIL import Image
    except ImportError:
        return
    with Image.open(file) as picture:
        few = picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    few.save(file, optimize=True)


if __name__ == "__main__":
    main()
