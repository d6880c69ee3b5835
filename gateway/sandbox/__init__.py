"""The sandbox: an emulator of the upstream REST API, with the same paths and JSON, and fault injection."""
