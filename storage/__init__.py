"""The truth in SQL: SQLite in one file by default, PostgreSQL for many workers.

`base` opens an engine and holds the one `MetaData`; `tables/` has one module per part;
each part has a repository that implements a protocol of `domain.ports`; `store` puts
them together into transactions. Tested by one contract suite over both databases.
"""
