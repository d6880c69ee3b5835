"""The paths at which the gateway serves, without the prefix under which a proxy publishes it."""

GRAPHQL = "/graphql"
SCHEMA = "/schema.graphql"
LIVEZ = "/livez"
READYZ = "/readyz"
METRICS = "/metrics"

PROBES = frozenset({LIVEZ, READYZ, METRICS})
"""Paths requested every few seconds, whose requests are logged for debugging only."""
