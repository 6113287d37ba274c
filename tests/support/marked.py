"""A part of a document between two marks, which a program writes and nobody edits by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Marked:
    """``begins`` and ``ends`` stand once in ``document``, in this order, and stay."""

    document: Path
    begins: str
    ends: str

    def written(self) -> str:
        """What stands between them."""
        return self.document.read_text("utf-8").partition(self.begins)[2].partition(self.ends)[0]

    def write(self, text: str) -> None:
        """Put ``text`` between them."""
        before, _, rest = self.document.read_text("utf-8").partition(self.begins)
        after = rest.partition(self.ends)[2]
        self.document.write_text(before + self.begins + text + self.ends + after, "utf-8")
