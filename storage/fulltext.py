"""Full text beside the vectors: FTS5 on SQLite, `tsvector('simple')` on PostgreSQL.

Both index words that are folded and told apart in Python (marks and case dropped), so that
they agree: PostgreSQL alone would keep an address or `C-7` as one word.
A search never hands over a person's text: it takes the words, quotes and joins them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, text

from storage.rows import chunks

_WORD = re.compile(r"[^\W_]+")
_MOST_WORDS = 64
_MOST_PHRASES = 12
_SHORTEST_START = 3


def fold(value: str) -> str:
    """Drop marks and case."""
    decomposed = unicodedata.normalize("NFKD", value)
    return "".join(one for one in decomposed if not unicodedata.combining(one)).casefold()


def words_of(value: str) -> list[str]:
    """Distinct folded words in order, at most 64."""
    return list(dict.fromkeys(_WORD.findall(fold(value))))[:_MOST_WORDS]


def _phrases(value: str) -> list[tuple[list[str], bool]]:
    """Words that stand together, and whether longer ones that begin with them count too."""
    found = [words_of(part) for part in value.split()[:_MOST_PHRASES]]
    return [
        (words, len(words) == 1 and words[0].isalpha() and len(words[0]) >= _SHORTEST_START)
        for words in found
        if words
    ]


class FullText:
    """One full text table of (id, body)."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._is_sqlite = connection.dialect.name == "sqlite"

    def create(self) -> None:
        """Create the table unless it exists."""
        if self._is_sqlite:
            self._run(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {self._name} "
                "USING fts5(id UNINDEXED, body, tokenize='unicode61 remove_diacritics 2')"
            )
            # Rows are replaced by id; FTS5 has no index on an unindexed column.
            self._run(
                f"CREATE TABLE IF NOT EXISTS {self._name}_rows (id TEXT PRIMARY KEY, place INTEGER)"
            )
            return
        self._run(f"CREATE TABLE IF NOT EXISTS {self._name} (id TEXT PRIMARY KEY, body TEXT)")
        self._run(
            f"CREATE INDEX IF NOT EXISTS ix_{self._name} ON {self._name} "
            "USING gin (to_tsvector('simple', body))"
        )

    def drop(self) -> None:
        """Drop the table."""
        self._run(f"DROP TABLE IF EXISTS {self._name}")
        self._run(f"DROP TABLE IF EXISTS {self._name}_rows")

    def put(self, rows: Sequence[tuple[str, str]]) -> None:
        """Add or replace rows."""
        if not rows:
            return
        made = [
            {"id": id_, "body": " ".join(_WORD.findall(fold(body)))}
            for id_, body in dict(rows).items()
        ]
        if not self._is_sqlite:
            self._run(
                f"INSERT INTO {self._name} (id, body) VALUES (:id, :body) "
                "ON CONFLICT (id) DO UPDATE SET body = excluded.body",
                made,
            )
            return
        self._remove([one["id"] for one in made])
        last = f"SELECT rowid FROM {self._name} ORDER BY rowid DESC LIMIT 1"
        start = (self._connection.scalar(text(last)) or 0) + 1
        placed = [one | {"place": place} for place, one in enumerate(made, start)]
        self._run(f"INSERT INTO {self._name} (rowid, id, body) VALUES (:place, :id, :body)", placed)
        self._run(f"INSERT OR REPLACE INTO {self._name}_rows VALUES (:id, :place)", placed)

    def _remove(self, ids: Sequence[str]) -> None:
        """Take out the rows of these ids, where there are any; SQLite only."""
        asked = text(f"SELECT place FROM {self._name}_rows WHERE id IN :ids").bindparams(
            bindparam("ids", expanding=True)
        )
        for part in chunks(ids):
            found = [
                {"place": place} for place in self._connection.scalars(asked, {"ids": list(part)})
            ]
            if found:
                self._run(f"DELETE FROM {self._name} WHERE rowid = :place", found)

    def search(self, value: str, *, limit: int) -> list[tuple[str, float]]:
        """Ids and scores of rows with any of the words, best first, higher is better."""
        words = words_of(value)
        if not words:
            return []
        if self._is_sqlite:
            match = " OR ".join(f'"{word}"' for word in words)
            found = self._connection.execute(
                text(
                    f"SELECT id, -bm25({self._name}) AS score FROM {self._name} "
                    f"WHERE {self._name} MATCH :match ORDER BY rank LIMIT :limit"
                ),
                {"match": match, "limit": limit},
            )
        else:
            found = self._connection.execute(
                text(
                    f"SELECT id, ts_rank(to_tsvector('simple', body), q) AS score "
                    f"FROM {self._name}, to_tsquery('simple', :match) q "
                    "WHERE to_tsvector('simple', body) @@ q ORDER BY score DESC, id LIMIT :limit"
                ),
                {"match": " | ".join(words), "limit": limit},
            )
        return [(row.id, float(row.score)) for row in found]

    def having(self, value: str, *, limit: int) -> list[str]:
        """Ids of rows with all of the words, the last ones put first on SQLite.

        What stands together (`C-7`, `a@b.example`) must stand together; a word of at least
        three letters also finds those that begin with it.
        """
        phrases = _phrases(value)
        if not phrases:
            return []
        if self._is_sqlite:
            condition, order = f"{self._name} MATCH :match", "ORDER BY rowid DESC"
            match = " ".join(f'"{" ".join(words)}"{"*" * starts}' for words, starts in phrases)
        else:
            condition = "to_tsvector('simple', body) @@ to_tsquery('simple', :match)"
            order = ""
            match = " & ".join(
                f"({' <-> '.join(words)}{':*' * starts})" for words, starts in phrases
            )
        statement = f"SELECT id FROM {self._name} WHERE {condition} {order} LIMIT :limit"
        found = self._connection.execute(text(statement), {"match": match, "limit": limit})
        return [row.id for row in found]

    def _run(self, statement: str, rows: Sequence[dict[str, Any]] | None = None) -> None:
        self._connection.execute(text(statement), rows)
