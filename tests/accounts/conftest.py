"""The command line's fixtures, for the commands on people and tokens."""

from tests.test_cli import database, run

__all__ = ["database", "run"]
