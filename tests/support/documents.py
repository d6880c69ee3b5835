"""GraphQL documents that several tests send."""

from pathlib import Path

EVERYTHING = (Path(__file__).parents[1] / "scenarios/everything.graphql").read_text("utf-8")
"""All that there is about one client."""
