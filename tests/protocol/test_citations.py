"""What the documents say and what code and tests cite of them is the same (P.1 to P.16)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLAUSE = re.compile(r"\bP\.([0-9]+)(?:\.([0-9]+))?\b")
HEADING = re.compile(r"^## P\.([0-9]+) ", re.MULTILINE)
DEFINED = re.compile(r"^- \*\*P\.([0-9]+)\.([0-9]+)\*\* ", re.MULTILINE)
TEST = re.compile(r"`(tests/[a-z_/]+\.py)(?:::([a-z0-9_]+))?`")

Number = tuple[int, int]
"""A clause; its second part is 0 for a whole chapter."""


@cache
def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def clauses() -> list[Number]:
    return [(int(chapter), int(clause)) for chapter, clause in DEFINED.findall(text("docs/protocol.md"))]


def chapters() -> list[int]:
    return [int(chapter) for chapter in HEADING.findall(text("docs/protocol.md"))]


def cited(where: str) -> Iterator[Number]:
    for chapter, clause in CLAUSE.findall(where):
        yield int(chapter), int(clause or 0)


def sources() -> list[str]:
    folders = ("vaccinator_app", "tests")
    return [str(path.relative_to(ROOT)) for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_every_clause_cited_exists() -> None:
    known = {*clauses(), *((chapter, 0) for chapter in chapters())}
    documents = [f"docs/{name}.md" for name in ("protocol", "threat-model", "architecture")]
    unknown = {where: [n for n in cited(text(where)) if n not in known] for where in [*sources(), *documents]}
    assert {where: numbers for where, numbers in unknown.items() if numbers} == {}


def test_clauses_are_numbered_in_order_within_their_chapter() -> None:
    assert chapters() == list(range(1, 22))
    for part in re.split(r"^## ", text("docs/protocol.md"), flags=re.MULTILINE)[1:]:
        chapter = int(part.removeprefix("P.").split(" ")[0])
        found = [(int(a), int(b)) for a, b in DEFINED.findall(part)]
        assert found == [(chapter, number) for number in range(1, len(found) + 1)]
        assert found


def test_every_room_that_speaks_the_protocol_cites_it() -> None:
    """So that the test above has something to find: the chapters that trust and protocol stand on."""
    found = {
        chapter for name in sources() if "/trust/" in name or "/protocol/" in name for chapter, _ in cited(text(name))
    }
    assert found >= set(range(1, 12))


def test_the_tests_that_the_threat_model_names_exist() -> None:
    named = TEST.findall(text("docs/threat-model.md"))
    assert len(named) >= 20
    for path, name in named:
        functions = {node.name for node in ast.walk(ast.parse(text(path))) if isinstance(node, ast.FunctionDef)}
        assert not name or name in functions, f"{path} has no {name}"


def test_every_line_of_the_threat_model_names_a_test_or_says_that_there_is_none() -> None:
    rows = [line for line in text("docs/threat-model.md").splitlines() if line.startswith("| ")]
    heads = ("| who", "| what holds", "|---")
    shows = [row.rstrip("| ").rsplit("|", 1)[1].strip() for row in rows if not row.startswith(heads)]
    assert len(shows) > 10
    assert [one for one in shows if not (TEST.search(one) or "not yet" in one or "nothing" in one)] == []
