"""Settings, read once from the environment, and the types of their values."""
