"""What operators need: health, metrics, checks of the database, backups."""
