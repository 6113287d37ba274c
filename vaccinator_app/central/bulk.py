"""Many rows at once, past the statement compiler's work for each row.

Measured: for a batch of 500 records ``Connection.execute`` with a list of rows spent more time on parameters than
SQLite on writing them. The statements here are compiled by SQLAlchemy all the same, for whichever database it is; only
the rows are laid out by hand. Values must be what a driver takes as it is (text, whole numbers, bytes, None), but for
dates and times, which the column types convert.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, Dialect, Table, and_, bindparam, insert, update
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert, Update

from vaccinator_app.central.instant import Instant

Rows = Sequence[tuple[Any, ...]]
_Convert = Callable[[Any], Any]


def add(
    connection: Connection, table: Table, names: Sequence[str], rows: Rows, shared: Mapping[str, Any] | None = None
) -> None:
    """Insert ``rows``, each with the values of the columns ``names`` in their order; ``shared`` is the same in all."""
    if rows:
        same = shared or {}
        _insertion(table, (*names, *same), connection.dialect).send(connection, rows, tuple(same.values()))


def change(
    connection: Connection, table: Table, key: Sequence[str], names: Sequence[str], rows: Rows, **shared: Any
) -> None:
    """For each of ``rows`` set its columns in the row of ``table`` that has the same ``key`` columns.

    ``names`` are the columns of a row in their order; ``shared`` are the same in all. Both may hold parts of the key.
    """
    if rows:
        statement = _change(table, tuple(key), (*names, *shared), connection.dialect)
        statement.send(connection, rows, tuple(shared.values()))


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """That the column is one of a list that is given as the parameter ``name``. For statements made once: measured, to
    make one with five hundred values in it took longer than the database to answer it."""
    return column.in_(bindparam(name, expanding=True))


@dataclass(frozen=True, slots=True)
class _Statement:
    """A compiled statement, and how a row is laid out for its driver."""

    sql: str
    names: tuple[str, ...]
    positions: tuple[int, ...] | None
    converters: tuple[tuple[int, _Convert], ...]

    def send(self, connection: Connection, rows: Rows, shared: tuple[Any, ...]) -> None:
        laid: Rows = [row + shared for row in rows]
        for index, convert in self.converters:
            # Mostly one and the same "now" or "today".
            done = {value: convert(value) for value in {row[index] for row in laid}}
            laid = [(*row[:index], done[row[index]], *row[index + 1 :]) for row in laid]
        if self.positions is None:
            connection.exec_driver_sql(self.sql, [dict(zip(self.names, row, strict=True)) for row in laid])
        else:
            connection.exec_driver_sql(self.sql, list(map(itemgetter(*self.positions), laid)))


@lru_cache(maxsize=256)
def _insertion(table: Table, names: tuple[str, ...], dialect: Dialect) -> _Statement:
    return _compile(insert(table).values({name: _parameter(name) for name in names}), table, names, dialect)


@lru_cache(maxsize=256)
def _change(table: Table, key: tuple[str, ...], names: tuple[str, ...], dialect: Dialect) -> _Statement:
    same = and_(*(table.c[name] == _parameter(name) for name in key))
    statement = update(table).where(same).values({name: _parameter(name) for name in names if name not in key})
    return _compile(statement, table, names, dialect)


def _parameter(name: str) -> Any:
    # A bare column name as a parameter is SQLAlchemy's own.
    return bindparam(f"{name}_")


def _compile(statement: Insert | Update, table: Table, names: tuple[str, ...], dialect: Dialect) -> _Statement:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    converters = []
    for index, name in enumerate(names):
        kind = table.c[name].type
        if isinstance(kind, Instant | Date):
            convert = kind.dialect_impl(dialect).bind_processor(dialect)
            if convert is not None:
                converters.append((index, convert))
    parameters = tuple(f"{name}_" for name in names)
    positions = None
    if compiled.positional:
        positions = tuple(parameters.index(name) for name in compiled.positiontup or ())
    return _Statement(str(compiled), parameters, positions, tuple(converters))
