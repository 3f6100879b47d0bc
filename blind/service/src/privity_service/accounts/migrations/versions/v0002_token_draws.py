"""Counts of drawn tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "token_draws",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("plan", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "plan", "day"),
    )
    op.create_index("token_draws_day", "token_draws", ["day"], unique=False)
