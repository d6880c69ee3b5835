// A timeline's lines: every kind has its case, or this does not compile.

import { type FragmentOf, readFragment, type ResultOf } from "gql.tada";

import { graphql } from "./graphql.js";

const Happening = graphql(`
  fragment Happening on Activity {
    date {
      dateTime
      timeZone
    }
  }
`);

export const Timeline = graphql(
  `
    query Timeline($clientId: ID!) {
      activities(clientId: $clientId, sort: DESC, first: 20) {
        nodes {
          __typename
          id
          ...Happening
          ... on AppointmentActivity {
            appointment {
              status
            }
          }
          ... on UnknownActivity {
            payload
          }
        }
      }
    }
  `,
  [Happening],
);

type Activity = NonNullable<ResultOf<typeof Timeline>["activities"]>["nodes"][number];

export function subject(activity: Activity): string {
  switch (activity.__typename) {
    case "AppointmentActivity":
      return `appointment: ${activity.appointment?.status ?? "unknown"}`;
    case "NoteActivity":
    case "ConsentActivity":
    case "FormResultActivity":
    case "EmailNotificationActivity":
    case "TextMessageNotificationActivity":
    case "ConferenceRegistrationActivity":
      return activity.__typename;
    case "UnknownActivity":
      // @ts-expect-error: a payload may be anything, so nothing of it is known
      return String(activity.payload.name);
    default:
      return activity satisfies never;
  }
}

export function when(activity: FragmentOf<typeof Happening>): string | undefined {
  const { date } = readFragment(Happening, activity);
  return date?.dateTime;
}

// @ts-expect-error: an activity that may be of any kind is not never
export const exhausted = (activity: Activity): never => activity;
