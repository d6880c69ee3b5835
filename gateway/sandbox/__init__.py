"""A stand-in for the upstream: the same paths, the same JSON, the same faults on request."""
