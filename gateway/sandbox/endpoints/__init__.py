"""What can be asked of the upstream: each endpoint is a function from a question to an answer."""
