"""What all rooms' tests share: a database server, begun when somebody first asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of an empty database on a PostgreSQL of this run; see ``tests.support.postgres``."""
    with postgres.Server() as server:
        yield server.url
