// What activities recorded, beside what the same things are today, in Relay's store.

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";

import { createOperationDescriptor, fetchQuery, getRequest, graphql } from "relay-runtime";

import type { RecordedAndTodayQuery } from "./__generated__/RecordedAndTodayQuery.graphql.ts";
import { environment, type Identify, type Options } from "./environment.ts";

const QUERY = graphql`
  query RecordedAndTodayQuery($clientId: ID!, $first: Int, $after: String) {
    activities(clientId: $clientId, first: $first, after: $after) {
      totalCount
      edges {
        cursor
        node {
          id
          kind
          date {
            dateTime
            timeZone
            instant
          }
          user {
            firstName
            lastName
          }
          changes {
            field
            before {
              ... on TextValue {
                text
              }
              ... on ZonedDateTime {
                dateTime
                timeZone
                instant
              }
              ... on StaffSnapshot {
                staffId
                firstName
                lastName
                current {
                  id
                  firstName
                  lastName
                  emailAddress
                }
              }
              ... on ServiceSnapshot {
                serviceId
                name
                current {
                  id
                  name
                  durationMinutes
                }
              }
              ... on AppointmentStatusValue {
                appointmentStatus
              }
            }
            after {
              ... on TextValue {
                text
              }
              ... on ZonedDateTime {
                dateTime
                timeZone
                instant
              }
              ... on StaffSnapshot {
                staffId
                firstName
                lastName
                current {
                  id
                  firstName
                  lastName
                  emailAddress
                }
              }
              ... on ServiceSnapshot {
                serviceId
                name
                current {
                  id
                  name
                  durationMinutes
                }
              }
              ... on AppointmentStatusValue {
                appointmentStatus
              }
            }
          }
          ... on AppointmentActivity {
            appointment {
              appointmentId
              status
              company {
                companyId
                current {
                  id
                  name
                  timeZone
                }
              }
              start {
                dateTime
                timeZone
                instant
              }
              previousStart {
                dateTime
                timeZone
                instant
              }
              service {
                serviceId
                name
                current {
                  id
                  name
                  durationMinutes
                }
              }
              previousService {
                serviceId
                name
                current {
                  id
                  name
                  durationMinutes
                }
              }
              staff {
                staffId
                firstName
                lastName
                current {
                  id
                  firstName
                  lastName
                  emailAddress
                }
              }
              previousStaff {
                staffId
                firstName
                lastName
                current {
                  id
                  firstName
                  lastName
                  emailAddress
                }
              }
              current {
                id
                status
                start {
                  dateTime
                  timeZone
                  instant
                }
                service {
                  id
                  name
                }
                staff {
                  id
                  firstName
                  lastName
                }
              }
            }
          }
          ... on NoteActivity {
            note {
              noteId
              bodyText
              current {
                id
                bodyText
                date {
                  dateTime
                  timeZone
                  instant
                }
              }
            }
          }
          ... on ConsentActivity {
            note {
              noteId
              bodyText
              current {
                id
                bodyText
                date {
                  dateTime
                  timeZone
                  instant
                }
              }
            }
          }
          ... on FormResultActivity {
            formResult {
              formResultId
              form {
                formId
                name
                current {
                  id
                  name
                  title
                }
              }
              current {
                id
                status
                form {
                  id
                  name
                }
              }
            }
          }
          ... on EmailNotificationActivity {
            emailNotification {
              subject
              bodyText
            }
          }
          ... on TextMessageNotificationActivity {
            textMessageNotification {
              body
            }
          }
          ... on ConferenceRegistrationActivity {
            conferenceRegistration {
              registrationId
              status
              conference {
                conferenceId
                title
                current {
                  id
                  title
                }
              }
              session {
                sessionId
                start {
                  dateTime
                  timeZone
                  instant
                }
                end {
                  dateTime
                  timeZone
                  instant
                }
                current {
                  id
                  start {
                    dateTime
                    timeZone
                    instant
                  }
                  end {
                    dateTime
                    timeZone
                    instant
                  }
                }
              }
              current {
                id
                status
                registeredAt {
                  dateTime
                  timeZone
                  instant
                }
              }
            }
          }
          ... on UnknownActivity {
            payload
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

/** The paths at which the store shows another value than the gateway sent; what Relay itself added to the query is not selected. */
export function differences(shown: unknown, sent: unknown, path = ""): string[] {
  if (Array.isArray(shown) && Array.isArray(sent) && shown.length === sent.length) {
    return sent.flatMap((item, index) => differences(shown[index], item, `${path}.${index}`));
  }
  if (isObject(shown) && isObject(sent)) {
    const names = Object.keys(sent).filter((name) => (name !== "__typename" && name !== "id") || name in shown);
    return names.flatMap((name) => differences(shown[name], sent[name], `${path}.${name}`));
  }
  return isDeepStrictEqual(shown, sent) ? [] : [path];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const NAMES_AND_TIMES = ["firstName", "lastName", "name", "title", "dateTime", "instant"];
const SNAPSHOT_IDS = ["staffId", "serviceId", "sessionId", "formId", "conferenceId"];

function namesAndTimes(value: unknown, name = ""): number {
  if (!isObject(value) && !Array.isArray(value)) return value !== null && NAMES_AND_TIMES.includes(name) ? 1 : 0;
  return Object.entries(value).reduce((sum, [part, each]) => sum + namesAndTimes(each, part), 0);
}

/** An answer as if everything had got another name, or another time, between any two activities. */
function withNamesThatChange(answer: unknown): unknown {
  let changes = 0;
  const changed = (value: unknown, isRecorded = false): unknown => {
    if (Array.isArray(value)) return value.map((item) => changed(item));
    if (!isObject(value)) return isRecorded && typeof value === "string" ? `${value} ${(changes += 1)}` : value;
    const isSnapshot = SNAPSHOT_IDS.some((id) => id in value);
    const parts = Object.entries(value).map(([name, part]) => {
      const isTime = isRecorded && name === "dateTime";
      const isNameOrMoment = isSnapshot && [...NAMES_AND_TIMES, "start", "end"].includes(name);
      return [name, changed(part, isTime || isNameOrMoment)];
    });
    return Object.fromEntries(parts);
  };
  return changed(answer);
}

/** What the store shows otherwise than it was sent, and what was sent. */
async function spoiled(url: string, options?: Options) {
  const { relay, answers } = environment(url, options);
  const variables = { clientId: "1100", first: 100 };
  await fetchQuery<RecordedAndTodayQuery>(relay, QUERY, variables).toPromise();
  assert.equal(answers.length, 1);
  const sent = answers[0]?.data;
  const { data, isMissingData } = relay.lookup(createOperationDescriptor(getRequest(QUERY), variables).fragment);
  assert.equal(isMissingData, false);
  return { sent, spoiled: differences(data, sent) };
}

/** Relay warns of each record that has two values, which is what is wanted here. */
async function unwarned<T>(action: () => Promise<T>): Promise<T> {
  const { error } = console;
  console.error = () => undefined;
  try {
    return await action();
  } finally {
    console.error = error;
  }
}

/** What was recorded stays what it was, beside what is so today, however often names change. */
export async function everyNameAndTimeIsTheGateways(url: string) {
  const { sent, spoiled: wrong } = await spoiled(url);
  assert.deepEqual(wrong, []);
  const rewrite = withNamesThatChange;
  assert.deepEqual((await spoiled(url, { rewrite })).spoiled, []);
  const wrongNames: number[] = [];
  for (const id of SNAPSHOT_IDS) {
    const identify: Identify = (node, type) => (node["id"] ?? node[id]) && `${type}:${node["id"] ?? node[id]}`;
    wrongNames.push((await unwarned(() => spoiled(url, { rewrite, identify }))).spoiled.length);
    assert.ok(wrongNames.at(-1), `if a snapshot had ${id} as its id, it would be shown in place of another`);
  }
  return `${namesAndTimes(sent)} names and times, none wrong; if a snapshot had an id, ${wrongNames.join(", ")} would be`;
}
