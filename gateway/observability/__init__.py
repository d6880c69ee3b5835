"""Logs, metrics and traces of the process, and the responsiveness of its event loop."""
