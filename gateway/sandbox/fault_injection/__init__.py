"""Fault injection per request: statuses, delays, broken bodies and dropped connections."""
