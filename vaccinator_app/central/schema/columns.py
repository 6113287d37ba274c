"""How every table is put together: keys given from outside, partial indexes, lengths."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, MetaData, String, text
from sqlalchemy.types import TypeEngine

metadata = MetaData()

ID = String(32)
NAME = String(200)
WORD = String(32)


def key(name: str, kind: TypeEngine[Any]) -> Column[Any]:
    """A part of a primary key: given, never counted up by one database of many."""
    return Column(name, kind, primary_key=True, autoincrement=False, nullable=False)


def where(condition: str) -> dict[str, Any]:
    """For an index over the few rows that anybody looks for: it costs nothing for all the others."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
