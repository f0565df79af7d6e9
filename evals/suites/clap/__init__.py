"""Suite `clap`: see `suite.toml`."""
