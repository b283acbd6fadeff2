"""Rows: what the database knows. SQLAlchemy Core, one module per aggregate; SQLite by default."""
