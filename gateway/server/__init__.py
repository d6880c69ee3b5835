"""The server processes: HTTP protocol of a connection, graceful shutdown, workers."""
