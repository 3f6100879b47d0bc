"""The ledger's tables. specs/ledger.md says of each: trusted? altered, lost, rolled back?"""

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """What the migrations are compared with."""


class TokenRow(Base):
    """A token that was reserved at least once."""

    __tablename__ = "tokens"
    nullifier: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    day: Mapped[int]
    state: Mapped[int]
    request: Mapped[bytes]
    holder: Mapped[bytes]
    tries: Mapped[int]
    lease: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (Index("tokens_day", "day"),)


class Purged(Base):
    """One row: the newest day whose tokens were erased."""

    __tablename__ = "purged"
    only: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[int]
