"""Alembic's entry: runs on the connection that `server.migrate` hands in, one transaction a migration."""

from alembic import context

import server.migrations.tables  # noqa: F401
from server.db import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
