"""Paid time of plans; the plan that was called `paid` is `plus`."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column and rename the plan. A configuration that has the old name still finds it (specs/plans.md)."""
    op.add_column("accounts", sa.Column("paid_until", sa.Integer(), nullable=True))
    accounts = sa.table("accounts", sa.column("plan", sa.String()))
    op.execute(sa.update(accounts).where(accounts.c.plan == "paid").values(plan="plus"))
