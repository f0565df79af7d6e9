"""Small named values: cursors, the switch, spend per day, the installation's secret."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Table, Text, select

from storage.base import metadata
from storage.rows import put

settings = Table(
    "settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)


class SqlSettingRepo:
    """`SettingRepo` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, name: str) -> str | None:
        """The value of a name."""
        return self._connection.scalar(select(settings.c.value).where(settings.c.name == name))

    def put(self, name: str, value: str) -> None:
        """Set the value of a name."""
        put(self._connection, settings, [{"name": name, "value": value}])

    def add_amount(self, name: str, amount: float) -> float:
        """Add to a numeric value inside this transaction; gives the sum."""
        total = float(self.find(name) or 0.0) + amount
        self.put(name, repr(total))
        return total
