"""The paths at which the gateway serves, without the prefix under which a proxy publishes it."""

GRAPHQL = "/graphql"
