// Two components that show different parts of the same snapshots, each with a query of its own.

import { graphql, useLazyLoadQuery } from "react-relay";

import type { AppointmentsPeopleQuery } from "./__generated__/AppointmentsPeopleQuery.graphql.ts";
import type { AppointmentsTimesQuery } from "./__generated__/AppointmentsTimesQuery.graphql.ts";

type Properties = { clientId: string; onData: (data: unknown) => void };

export function Times({ clientId, onData }: Properties) {
  const data = useLazyLoadQuery<AppointmentsTimesQuery>(
    graphql`
      query AppointmentsTimesQuery($clientId: ID!) {
        activities(clientId: $clientId, filter: { kinds: [APPOINTMENT] }, first: 20) {
          nodes {
            id
            date {
              dateTime
            }
            changes {
              field
            }
            ... on AppointmentActivity {
              appointment {
                appointmentId
                start {
                  dateTime
                }
                staff {
                  firstName
                }
              }
            }
          }
          completeness {
            isComplete
          }
        }
      }
    `,
    { clientId },
  );
  onData(data);
  return <p>{data.activities?.nodes.length} appointments</p>;
}

export function People({ clientId, onData }: Properties) {
  const data = useLazyLoadQuery<AppointmentsPeopleQuery>(
    graphql`
      query AppointmentsPeopleQuery($clientId: ID!) {
        activities(clientId: $clientId, filter: { kinds: [APPOINTMENT] }, first: 20) {
          nodes {
            id
            date {
              instant
            }
            changes {
              fieldRaw
            }
            ... on AppointmentActivity {
              appointment {
                status
                start {
                  timeZone
                }
                staff {
                  lastName
                  current {
                    id
                    lastName
                  }
                }
              }
            }
          }
          completeness {
            isStale
          }
        }
      }
    `,
    { clientId },
  );
  onData(data);
  return <p>{data.activities?.nodes.length} appointments</p>;
}
