"""The links of all Markdown files lead somewhere, and the README is easy to read as text."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = "gateway/cli/reference/"
"""Their links are those of the pages in docs/ that are written from them."""


def markdown_files():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [line for line in listed.stdout.splitlines() if (ROOT / line).exists()]
    return sorted(path for path in paths if not path.startswith(TEMPLATES))


def prose(text):
    """A page without its blocks of code."""
    return re.sub(r"^( *)(`{3,})[^\n]*\n.*?^\1\2$", "", text, flags=re.DOTALL | re.MULTILINE)


def links(text):
    without_code = re.sub(r"`[^`\n]*`", "", prose(text))
    return re.findall(r"\]\(([^)\s]+)\)", without_code)


def anchors(path):
    """The anchors that GitHub gives to the headings of a page."""
    found, text = set(), prose(path.read_text(encoding="utf-8"))
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        repeated = 1
        unique = anchor
        while unique in found:
            unique, repeated = f"{anchor}-{repeated}", repeated + 1
        found.add(unique)
    return found


@pytest.mark.parametrize("name", markdown_files())
def test_every_link_leads_to_a_file_and_a_heading(name):
    path = ROOT / name
    broken = []
    for link in links(path.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        if (
            not file.exists()
            or not file.is_relative_to(ROOT.resolve())
            or (anchor and anchor not in anchors(file))
        ):
            broken.append(link)
    assert broken == []


def test_every_page_is_reached_from_the_readme():
    reached = {link.partition("#")[0] for link in links((ROOT / "README.md").read_text("utf-8"))}
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert pages <= reached


def test_lines_of_prose_in_the_readme_have_at_most_100_characters():
    lines = prose((ROOT / "README.md").read_text(encoding="utf-8")).splitlines()
    assert [line for line in lines if len(line) > 100 and not line.startswith("|")] == []
