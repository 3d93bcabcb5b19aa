"""Where MkDocs asks for the generated pages: https://www.mkdocs.org/user-guide/configuration/#hooks."""

from __future__ import annotations

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parents[1]))  # MkDocs loads a hook by its file, without the package around it

from generate import links, site


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the generated pages into the navigation."""
    config.nav = site.navigation(config.nav or [])
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to those that are files."""
    for name, content in site.pages().items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links into the repository to the page that is made of the file, or to the file where it is published."""
    del config, files
    return links.resolved(markdown, page.file.src_uri)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put our drawings into the page itself, where they take the colours of the theme."""
    del page, files
    return links.with_drawings(html, Path(config.docs_dir))
