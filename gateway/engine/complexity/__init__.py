"""Query complexity: sizes and costs of operations, measured before they run, and their limits."""
