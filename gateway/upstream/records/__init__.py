"""Upstream records: msgspec Structs of the upstream's JSON, and their decoding."""
