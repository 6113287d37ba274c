"""What code and tests cite of docs/certificates.md stands there, once and in order."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CITED = re.compile(r"\bC\.([0-9]+)(?:\.([0-9]+))?\b")
CHAPTER = re.compile(r"^## C\.([0-9]+) ", re.MULTILINE)
CLAUSE = re.compile(r"^- \*\*C\.([0-9]+)\.([0-9]+)\*\* ", re.MULTILINE)


def document() -> str:
    return (ROOT / "docs" / "certificates.md").read_text("utf-8")


def test_clauses_are_numbered_in_order() -> None:
    chapters = [int(number) for number in CHAPTER.findall(document())]
    assert chapters == list(range(1, len(chapters) + 1))
    found = [(int(chapter), int(clause)) for chapter, clause in CLAUSE.findall(document())]
    assert found == [
        (chapter, clause) for chapter in chapters for clause in range(1, 1 + sum(one == chapter for one, _ in found))
    ]


def test_every_clause_cited_exists() -> None:
    known = {*CLAUSE.findall(document()), *((chapter, "") for chapter in CHAPTER.findall(document()))}
    sources = [path for folder in ("vaccinator_app", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
    cited = {path.name: set(CITED.findall(path.read_text("utf-8"))) for path in sources}
    assert sum(map(len, cited.values())) > 20
    assert {name: numbers - known for name, numbers in cited.items() if numbers - known} == {}
