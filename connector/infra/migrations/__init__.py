"""The database's history, one alembic revision per file in `versions/`."""
