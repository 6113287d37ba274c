"""Reads the words of a PDF page as a viewer copies them: what a run of shaped letters stands for is in /ActualText."""

from __future__ import annotations

import io
import re
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.generic import ContentStream


def reader(data: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(data), strict=True)


def sheets(data: bytes) -> list[str]:
    """The words of each page, runs of space made one."""
    return [words(page) for page in reader(data).pages]


def text(data: bytes) -> str:
    return " ".join(sheets(data))


def fonts(page: PageObject) -> dict[str, Any]:
    resources: Any = page["/Resources"]
    return {name: font.get_object() for name, font in resources["/Font"].items()}


def words(page: PageObject) -> str:
    letters = {name: _letters(font["/ToUnicode"].get_data().decode("latin-1")) for name, font in fonts(page).items()}
    found: list[str] = []
    marks: list[bool] = []
    font = ""
    for operands, operator in ContentStream(page.get_contents(), page.pdf).operations:
        match operator:
            case b"BDC" | b"BMC":
                stands_for = operands[1].get("/ActualText") if operator == b"BDC" else None
                marks.append(stands_for is not None)
                if stands_for is not None:
                    found.append(_as_text(stands_for))
            case b"EMC":
                marks.pop()
            case b"Tf":
                font = operands[0]
            case b"Tj" | b"TJ" if not any(marks):
                parts = operands[0] if operator == b"TJ" else operands
                codes = b"".join(_as_bytes(part) for part in parts if not isinstance(part, int | float))
                found += [
                    letters[font].get(int.from_bytes(codes[i : i + 2], "big"), "") for i in range(0, len(codes), 2)
                ]
            case b"ET":
                found.append(" ")
    return " ".join("".join(found).split())


def _as_bytes(part: Any) -> bytes:
    found: bytes = part if isinstance(part, bytes) else part.original_bytes
    return found


def _as_text(part: Any) -> str:
    return part if isinstance(part, str) else part.decode("utf-16")


def _letters(cmap: str) -> dict[int, str]:
    """A ToUnicode map: glyph to what it stands for (PDF 1.7, 9.10.3)."""
    found: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", cmap, re.S):
        for glyph, letter in re.findall(r"<(\w+)>\s*<(\w+)>", block):
            found[int(glyph, 16)] = bytes.fromhex(letter).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", cmap, re.S):
        for first, last, letter in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            start = bytes.fromhex(letter).decode("utf-16-be")
            for step, glyph in enumerate(range(int(first, 16), int(last, 16) + 1)):
                found[glyph] = start[:-1] + chr(ord(start[-1]) + step)
    return found
