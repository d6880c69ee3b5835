"""The complexity of an operation, measured before it runs, and the limits of it."""
