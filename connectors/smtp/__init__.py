"""Mail over SMTP: the destination `mail`."""
