"""What MkDocs does beside Markdown: pages generated from the program, and links to files of the project."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from reference import commands_page, configuration_page

LINK = re.compile(r"\]\((?P<path>(?:\.\./)+[^)#]+)(?P<anchor>#[^)]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages, and copies of the project's files that pages link to."""
    files.append(File.generated(config, "reference/commands.md", content=commands_page()))
    files.append(File.generated(config, "reference/configuration.md", content=configuration_page()))
    root = Path(config.docs_dir).parent
    linked = {
        path
        for page in files.documentation_pages()
        if page.generated_by is None
        for link in LINK.finditer(page.content_string)
        if (path := _project_path(page.src_uri, link["path"]))
    }
    for path in sorted(linked):
        if (root / path).is_file():
            files.append(File.generated(config, f"source/{path}", abs_src_path=os.fspath(root / path)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Let links that leave docs/ lead to the copies."""

    def inside(link: re.Match[str]) -> str:
        path = _project_path(page.file.src_uri, link["path"])
        if path is None:
            return link[0]
        to = posixpath.relpath(f"source/{path}", posixpath.dirname(page.file.src_uri) or ".")
        return f"]({to}{link['anchor'] or ''})"

    return LINK.sub(inside, markdown)


def on_post_page(output: str, **_: object) -> str:
    """Name the search's dialog, which the theme leaves without a name for screen readers."""
    return output.replace('data-md-component="search" role="dialog"', 'data-md-component="search" role="dialog" aria-label="Search"')


def _project_path(page_uri: str, link: str) -> str | None:
    """Return what a page's link leads to, from the project's root; None where it stays within docs/."""
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page_uri), link))
    return None if path.startswith(("docs/", "..")) else path
