"""The server processes: listening, the HTTP protocol of a connection, graceful shutdown, workers."""
