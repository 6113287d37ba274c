"""The addresses of whoever runs the server."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import get
from litestar.handlers import HTTPRouteHandler
from sqlalchemy import text

from vaccinator_app import __version__
from vaccinator_app.central.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Central answers and its database does."""

    status: str
    version: str


def operator_routes(database: Database) -> list[HTTPRouteHandler]:
    @get("/v1/health", summary="Is central well", sync_to_thread=True, tags=["operator"])
    def health() -> Health:
        """200 when central and its database answer."""
        with database.read() as connection:
            connection.execute(text("SELECT 1"))
        return Health(status="ok", version=__version__)

    return [health]
