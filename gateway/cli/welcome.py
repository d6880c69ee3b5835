"""The welcome of `gateway sandbox`: addresses, and examples that work with the sample data."""

_ADDRESSES = """\
GraphQL over the bundled sandbox: {graphql}
Open it in a browser for GraphiQL.
The emulated REST API behind it: {rest}
"""

_EXAMPLES = """
Three queries worth trying:

{queries}
From a shell:
  curl -sG {graphql} --data-urlencode 'query={{ activities(clientId: "1100") {{ totalCount }} }}'
  curl -s '{rest}/api/2.3/activities?clientId=1001' -H 'apiKey: sandbox-key-1' -H 'token: sandbox-token-1'
"""

_REAL_API = """
For the real API: GATEWAY_UPSTREAM_URL=https://api.agendize.com gateway serve
Callers then send their own apiKey and token headers, or Authorization.
"""

EXAMPLE_QUERIES = """\
  # how appointments changed, newest first
  {
    activities(clientId: "1100", filter: {kinds: [APPOINTMENT]}, sort: DESC, first: 5) {
      totalCount
      nodes {
        action
        date { instant }
        changes { field }
        ... on AppointmentActivity {
          appointment { status start { dateTime timeZone } staff { firstName lastName } service { name } }
        }
      }
    }
  }

  # an activity and the current state of its entities
  {
    activities(clientId: "1100", filter: {kinds: [APPOINTMENT, FORM_RESULT]}, first: 5) {
      nodes {
        date { dateTime }
        ... on AppointmentActivity {
          appointment { staff { lastName current { emailAddress } } current { status start { instant } company { name } } }
        }
        ... on FormResultActivity { formResult { form { name } current { answers { path title value values } } } }
      }
    }
  }

  # several clients at once
  { clients(ids: ["1001", "1020"]) { id activities(first: 3) { totalCount nodes { kind event } } } }
"""


def welcome(graphql: object, rest: str, *, has_sample_data: bool) -> str:
    """The text for these URLs. Data of one's own have other clients than the examples name."""
    examples = _EXAMPLES if has_sample_data else ""
    return (_ADDRESSES + examples + _REAL_API).format(
        graphql=graphql, rest=rest, queries=EXAMPLE_QUERIES
    )
