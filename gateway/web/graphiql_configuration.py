"""What GraphiQL's page knows of the gateway that serves it: settings that any caller may know."""

from gateway.config.settings import Settings


def graphiql_configuration(settings: Settings, *, over_sandbox: bool) -> dict[str, object]:
    """The configuration of the page, as JSON.

    Args:
        settings: The settings.
        over_sandbox: Whether the upstream is the bundled sandbox, whose clients the page's queries may name.
    """
    return {
        "overSandbox": over_sandbox,
        "callerKeys": settings.caller_keys_file is not None,
        "explain": settings.explain,
        "introspection": settings.introspection,
        "trustedDocumentsOnly": settings.trusted_documents == "enforce",
        "maxCost": settings.max_cost,
        "maxReads": settings.max_upstream_reads,
    }
