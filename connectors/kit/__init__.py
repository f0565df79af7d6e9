"""What several connectors need: markers that cannot be guessed, files written whole."""
