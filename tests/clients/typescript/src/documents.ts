// What this app asks. `npm run generate` makes the types; run it again when a document changes.

import { graphql } from "./gql/index.js";

/** What all kinds have in common: a fragment on the interface. */
export const Happening = graphql(`
  fragment Happening on Activity {
    event
    date {
      dateTime
      timeZone
      instant
    }
    user {
      firstName
      lastName
    }
  }
`);

/** One kind's own: a fragment on the snapshot, which is what the appointment was then. */
export const AppointmentThen = graphql(`
  fragment AppointmentThen on AppointmentSnapshot {
    appointmentId
    status
    start {
      dateTime
      timeZone
    }
    staff {
      staffId
      firstName
      lastName
    }
  }
`);

export const Timeline = graphql(`
  query Timeline($clientId: ID!, $filter: ActivityFilter, $first: Int, $after: String) {
    activities(clientId: $clientId, filter: $filter, sort: DESC, first: $first, after: $after) {
      totalCount
      edges {
        cursor
        node {
          __typename
          id
          ...Happening
          ... on AppointmentActivity {
            appointment {
              ...AppointmentThen
            }
          }
          ... on NoteActivity {
            note {
              bodyText
            }
          }
          ... on ConsentActivity {
            note {
              bodyText
            }
          }
          ... on FormResultActivity {
            formResult {
              form {
                name
              }
            }
          }
          ... on EmailNotificationActivity {
            emailNotification {
              subject
            }
          }
          ... on TextMessageNotificationActivity {
            textMessageNotification {
              body
            }
          }
          ... on ConferenceRegistrationActivity {
            conferenceRegistration {
              conference {
                title
              }
            }
          }
          ... on UnknownActivity {
            kindRaw
            payload
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
      completeness {
        isComplete
        missing {
          code
          message
          count
        }
      }
    }
  }
`);
