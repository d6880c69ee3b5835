"""What an endpoint is asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from gateway.sandbox.world.sample import World


@dataclass(frozen=True, slots=True)
class Question:
    """`account` is who asks; `ids` are those in the path."""

    world: World
    account: str
    ids: Mapping[str, str]
    query: QueryParams
