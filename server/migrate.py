"""Bringing a database to the version of this program, with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from server.db import Database, let_statements_take_long

_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(database_url: str) -> None:
    """Run every migration that the database does not have yet."""
    database = Database(database_url)
    try:
        with database.engine.connect() as connection:
            let_statements_take_long(connection)
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        database.close()


def is_current(database_url: str) -> bool:
    """Whether the database has every migration of this program."""
    database = Database(database_url)
    try:
        with database.engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        return found == ScriptDirectory.from_config(_config()).get_current_head()
    finally:
        database.close()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config
