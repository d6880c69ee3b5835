"""Fault injection: statuses, delays, broken bodies and dropped connections, by request."""
