"""Access to the upstream REST API: endpoints, sessions, data loading and credentials."""
