"""The first schema of the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "tokens",
        sa.Column("nullifier", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("holder", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nullifier"),
    )
    op.create_index("tokens_day", "tokens", ["day"], unique=False)
    purged = op.create_table(
        "purged",
        sa.Column("only", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("only"),
    )
    op.bulk_insert(purged, [{"only": 1, "day": 0}])
