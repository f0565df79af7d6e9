"""Tickets as Markdown files in folders: the destination `tickets`."""
