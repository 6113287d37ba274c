"""What Alembic runs around each step: the caller's own connection and transaction."""

from __future__ import annotations

from alembic import context

from vaccinator_app.central.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
