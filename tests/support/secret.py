"""What nobody may learn."""

SECRET = "5ecret"
"""Stands in all that must not come out again: credentials, cookies, addresses, texts of the upstream and of exceptions."""
