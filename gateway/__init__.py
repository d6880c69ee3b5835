"""A GraphQL gateway over the Client Activities REST API."""

__version__ = "0.1.0"
