"""What desks tell each other, closes and how central counts them, withdrawn batches, confirmation by OTP."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from vaccinator_app.central.instant import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_QUIET = ("record_viewed", "signed_in", "signed_out")
_FOR_EVER = "kind IN ('stock_received', 'stock_transferred', 'vial_discarded', 'vial_opened', 'voided')"
_INDEXES = {
    "records_told": (["centre", "told"], "told IS NOT NULL"),
    "records_for_ever": (["centre", "device", "seq"], _FOR_EVER),
}


def upgrade() -> None:
    """Make them, and give the records that are there their day and their place in the feed."""
    op.add_column("batches", sa.Column("withdrawn_at", Instant(), nullable=True))
    op.add_column("records", sa.Column("day", sa.Date(), nullable=True))
    op.add_column("records", sa.Column("told", sa.BigInteger(), nullable=True))
    _place_records()
    op.create_index("records_by_day", "records", ["centre", "day"], unique=False)
    for name, (columns, where) in _INDEXES.items():
        op.create_index(
            name, "records", columns, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    op.create_table(
        "closes",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("device", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amendment", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("differences", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("counted_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("centre", "device", "seq"),
    )
    op.create_table(
        "confirmations",
        sa.Column("centre", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("device", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("otp_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("centre", "device", "seq", "id"),
    )
    op.create_index("confirmations_by_asker", "confirmations", ["centre", "asked_by", "asked_at"], unique=False)


def _place_records() -> None:
    """Records that came before this step: other desks hear of them as of any other."""
    connection = op.get_bind()
    centres = sa.table("centres", sa.column("centre"), sa.column("time_zone"), sa.column("feed"))
    plain = ("centre", "device", "seq", "kind", "reasons", "received_at", "told")
    records = sa.table(
        "records",
        *(sa.column(name) for name in plain),
        sa.column("payload", sa.LargeBinary()),
        sa.column("day", sa.Date()),
    )
    for centre, zone, feed in connection.execute(sa.select(centres)).all():
        theirs = records.c.centre == centre
        named = (records.c.device, records.c.seq, records.c.kind, records.c.reasons)
        statement = sa.select(*named).where(theirs, records.c.kind != "")
        place = feed
        for device, seq, kind, reasons in connection.execute(
            statement.order_by(records.c.received_at, records.c.device, records.c.seq)
        ).all():
            one = (theirs, records.c.device == device, records.c.seq == seq)
            event = json.loads(connection.execute(sa.select(records.c.payload).where(*one)).scalar_one())
            day = datetime.fromisoformat(event["at"]).astimezone(ZoneInfo(zone)).date()
            told = None
            its_own = (event["centre"], event["device"], event["seq"]) == (centre, device, seq)
            if its_own and kind not in _QUIET and reasons != "unreadable":
                place += 1
                told = place
            connection.execute(sa.update(records).where(*one).values(day=day, told=told))
        connection.execute(sa.update(centres).where(centres.c.centre == centre).values(feed=place))


def downgrade() -> None:
    """Drop them."""
    op.drop_index("confirmations_by_asker", table_name="confirmations")
    op.drop_table("confirmations")
    op.drop_table("closes")
    for name, (_, where) in _INDEXES.items():
        op.drop_index(name, table_name="records", sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.drop_index("records_by_day", table_name="records")
    op.drop_column("records", "told")
    op.drop_column("records", "day")
    op.drop_column("batches", "withdrawn_at")
