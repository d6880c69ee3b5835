"""What a resolver may use: the session, a few settings, and a place to report to."""

from dataclasses import dataclass, field

import strawberry
from graphql import GraphQLError
from graphql.pyutils import Path

from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.upstream.session import Session


@dataclass(frozen=True, slots=True)
class Context:
    """One operation's surroundings.

    Attributes:
        session: Where everything of the upstream comes from.
        settings: The gateway's settings.
        reported: Errors at places whose data stands all the same.
    """

    session: Session
    settings: Settings
    reported: list[GraphQLError] = field(default_factory=list)

    def report(self, error: GatewayError, path: Path) -> None:
        """Tell the caller of a problem at a place that has an answer nevertheless."""
        self.reported.append(
            GraphQLError(str(error), path=path.as_list(), original_error=error),
        )


Info = strawberry.Info[Context, None]
