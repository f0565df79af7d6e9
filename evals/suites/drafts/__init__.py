"""Suite `drafts`: see `suite.toml`."""
