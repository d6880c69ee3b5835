"""What we call: the REST API, its records, its failures. Knows httpx."""
