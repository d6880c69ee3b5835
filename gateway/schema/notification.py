"""What was sent to the client, and what the client agreed to be sent."""

import strawberry

from gateway.schema.reading import plain_text_of
from gateway.schema.values import URL


@strawberry.type(description="An e-mail that was sent to the client.")
class EmailNotification:
    subject: str | None = strawberry.field(description="The subject line.")
    body: str | None = strawberry.field(
        description="The message, as HTML that nobody has checked. Sanitise it before showing it."
    )
    body_text: str | None = plain_text_of("body", description="The message as plain text.")
    self_link: URL | None = strawberry.field(
        description="An address in the REST API, as sent; what it leads to is not documented."
    )


@strawberry.type(description="A text message (SMS) that was sent to the client.")
class TextMessageNotification:
    body: str | None = strawberry.field(description="The message: plain text.")
    self_link: URL | None = strawberry.field(
        description="An address in the REST API, as sent; what it leads to is not documented."
    )


@strawberry.type(description="A marketing consent that the client ticked along with an activity.")
class MarketingConsent:
    text: str | None = strawberry.field(description="The text that the client accepted.")
