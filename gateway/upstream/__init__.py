"""The client of the upstream REST API: endpoints, credentials, data loading."""
