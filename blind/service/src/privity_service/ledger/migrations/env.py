"""What Alembic runs: the ledger's migrations on the connection that it is given."""

from alembic import context
from privity_service.ledger.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
