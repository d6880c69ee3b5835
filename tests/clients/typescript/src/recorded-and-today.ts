// What activities recorded, beside what the same things are today: the queries, and what a cache makes of the answers.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import {
  buildSchema,
  type DocumentNode,
  type FieldNode,
  isObjectType,
  Kind,
  type SelectionSetNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";

import { graphql } from "./gql/index.js";

const schema = buildSchema(readFileSync(new URL("../../../../schema.graphql", import.meta.url), "utf8"));

/** A document that selects `id` wherever the schema has it, as a cache needs it. */
function withEveryId<T extends DocumentNode>(document: T): T {
  const types = new TypeInfo(schema);
  const id: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "id" } };
  const SelectionSet = (node: SelectionSetNode) => {
    const type = types.getParentType();
    const hasId = isObjectType(type) && "id" in type.getFields();
    return hasId ? { ...node, selections: [id, ...node.selections] } : undefined;
  };
  return visit(document, visitWithTypeInfo(types, { SelectionSet: { leave: SelectionSet } }));
}

// The fragments of the query below: graphql-codegen finds each by its name.
graphql(`
  fragment Moment on ZonedDateTime {
    dateTime
    timeZone
    instant
  }
`);

graphql(`
  fragment RecordedStaff on StaffSnapshot {
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
`);

graphql(`
  fragment RecordedService on ServiceSnapshot {
    serviceId
    name
    current {
      id
      name
      durationMinutes
    }
  }
`);

graphql(`
  fragment RecordedNote on NoteSnapshot {
    noteId
    bodyText
    current {
      id
      bodyText
      date {
        ...Moment
      }
    }
  }
`);

graphql(`
  fragment RecordedValue on ChangeValue {
    ... on TextValue {
      text
    }
    ... on ZonedDateTime {
      ...Moment
    }
    ... on StaffSnapshot {
      ...RecordedStaff
    }
    ... on ServiceSnapshot {
      ...RecordedService
    }
    ... on AppointmentStatusValue {
      appointmentStatus
    }
  }
`);

/** Every object that an activity recorded, and its `current`; with the `id` of every type that has one. */
export const RecordedAndToday = withEveryId(graphql(`
  query RecordedAndToday($clientId: ID!, $first: Int, $after: String) {
    activities(clientId: $clientId, first: $first, after: $after) {
      totalCount
      edges {
        cursor
        node {
          id
          kind
          date {
            ...Moment
          }
          user {
            firstName
            lastName
          }
          changes {
            field
            before {
              ...RecordedValue
            }
            after {
              ...RecordedValue
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
                ...Moment
              }
              previousStart {
                ...Moment
              }
              service {
                ...RecordedService
              }
              previousService {
                ...RecordedService
              }
              staff {
                ...RecordedStaff
              }
              previousStaff {
                ...RecordedStaff
              }
              current {
                id
                status
                start {
                  ...Moment
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
              ...RecordedNote
            }
          }
          ... on ConsentActivity {
            note {
              ...RecordedNote
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
                  ...Moment
                }
                end {
                  ...Moment
                }
                current {
                  id
                  start {
                    ...Moment
                  }
                  end {
                    ...Moment
                  }
                }
              }
              current {
                id
                status
                registeredAt {
                  ...Moment
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
`));

/** What one component shows of appointments. */
export const AppointmentTimes = graphql(`
  query AppointmentTimes($clientId: ID!) {
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
      pageInfo {
        endCursor
      }
    }
  }
`);

/** What another component shows of the same appointments. */
export const AppointmentPeople = graphql(`
  query AppointmentPeople($clientId: ID!) {
    activities(clientId: $clientId, filter: { kinds: [APPOINTMENT] }, first: 20) {
      edges {
        cursor
        node {
          id
          date {
            instant
          }
          changes {
            before {
              ... on StaffSnapshot {
                lastName
              }
            }
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
      }
      completeness {
        isStale
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`);

const ClientNodes = graphql(`
  query ClientNodes($clientId: ID!, $after: String) {
    client(id: $clientId) {
      id
      activities(sort: DESC, first: 30, after: $after) {
        totalCount
        nodes {
          id
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

const ClientEdges = graphql(`
  query ClientEdges($clientId: ID!, $after: String) {
    client(id: $clientId) {
      id
      activities(sort: DESC, first: 30, after: $after) {
        totalCount
        edges {
          node {
            id
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

/** Another component's selection of the same list. */
export const ClientKinds = graphql(`
  query ClientKinds($clientId: ID!, $after: String) {
    client(id: $clientId) {
      id
      activities(sort: DESC, first: 30, after: $after) {
        edges {
          cursor
          node {
            id
            kind
          }
        }
        pageInfo {
          hasPreviousPage
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

/** The pages of the same list from its end. */
export const ClientBackward = graphql(`
  query ClientBackward($clientId: ID!, $before: String) {
    client(id: $clientId) {
      id
      activities(sort: DESC, last: 30, before: $before) {
        totalCount
        nodes {
          id
        }
        pageInfo {
          hasPreviousPage
          startCursor
        }
      }
    }
  }
`);

export type ClientPage = {
  client: {
    activities?: {
      totalCount: number;
      nodes?: { id: string }[];
      edges?: { node: { id: string } }[];
      pageInfo: { hasNextPage: boolean; endCursor?: string | null };
    } | null;
  };
};

/** The pages of a client's activities: by `nodes` and by `edges`. */
export const CLIENT_PAGES: TypedDocumentNode<ClientPage, { clientId: string; after?: string | null }>[] = [ClientNodes, ClientEdges];

/** The ids of the activities on a page. */
export function idsOn(page: ClientPage["client"]["activities"]): string[] {
  return (page?.nodes ?? page?.edges?.map(({ node }) => node) ?? []).map(({ id }) => id);
}

const ENTITIES = ["Appointment", "Company", "Conference", "ConferenceRegistration", "ConferenceSession", "Form", "FormResult", "Note", "Service", "Staff"];

/** The ids of snapshots that have a name or a time of their own: their objects would have these, if they had any. */
export const ID_BY_SNAPSHOT = {
  ConferenceSessionSnapshot: "sessionId",
  ConferenceSnapshot: "conferenceId",
  FormSnapshot: "formId",
  ServiceSnapshot: "serviceId",
  StaffSnapshot: "staffId",
};

/** A `fetch` for a client, with the answers that it was given; each is what `rewrite` makes of the gateway's. */
export function recordingFetch(rewrite: (answer: unknown) => unknown = (answer) => answer) {
  const answers: { data?: unknown }[] = [];
  let underWay = 0;
  return {
    answers,
    async fetch(...request: Parameters<typeof fetch>): Promise<Response> {
      underWay += 1;
      try {
        const response = await fetch(...request);
        const answer = rewrite(await response.json()) as { data?: unknown };
        answers.push(answer);
        const headers = { "Content-Type": response.headers.get("Content-Type") ?? "" };
        return new Response(JSON.stringify(answer), { status: response.status, headers });
      } finally {
        underWay -= 1;
      }
    },
    /** Waits until no request is under way, and none follows. */
    async settled() {
      for (let turns = 0; turns < 10; turns += 1) {
        if (underWay > 0) turns = 0;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}

/** An answer as if everything had got another name, or another time, between any two activities. */
export function withNamesThatChange(answer: unknown): unknown {
  const ids: string[] = Object.values(ID_BY_SNAPSHOT);
  let changes = 0;
  const changed = (value: unknown, isRecorded = false): unknown => {
    if (Array.isArray(value)) return value.map((item) => changed(item));
    if (!isObject(value)) return isRecorded && typeof value === "string" ? `${value} ${(changes += 1)}` : value;
    const isSnapshot = ids.some((id) => id in value);
    const parts = Object.entries(value).map(([name, part]) => {
      const isTime = isRecorded && name === "dateTime";
      const isName = isSnapshot && isNameOrTime(name);
      const isMoment = isSnapshot && ["start", "end"].includes(name);
      return [name, changed(part, isTime || isName || isMoment)];
    });
    return Object.fromEntries(parts);
  };
  return changed(answer);
}

/** The paths at which a client shows another value than the gateway sent: urql hides a `__typename` that it has added. */
export function differences(shown: unknown, sent: unknown, path = ""): string[] {
  if (Array.isArray(shown) && Array.isArray(sent) && shown.length === sent.length) {
    return sent.flatMap((item, index) => differences(shown[index], item, `${path}.${index}`));
  }
  if (isObject(shown) && isObject(sent)) {
    const names = Object.keys(sent).filter((name) => name !== "__typename" || name in shown);
    return names.flatMap((name) => differences(shown[name], sent[name], `${path}.${name}`));
  }
  return isDeepStrictEqual(shown, sent) ? [] : [path];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** How many of these paths are names or times. */
export function namesAndTimes(paths: string[]): number {
  return paths.filter((path) => isNameOrTime(path.split(".").at(-1) ?? "")).length;
}

function isNameOrTime(field: string): boolean {
  return ["firstName", "lastName", "name", "title", "dateTime", "instant"].includes(field);
}

/** How many names and times the gateway sent, in a page that has every kind of snapshot and of entity. */
export function sentNamesAndTimes(sent: unknown): string {
  const text = JSON.stringify(sent);
  for (const type of ENTITIES) {
    assert.ok(text.includes(`"__typename":"${type}"`), `no ${type} is there`);
    assert.ok(text.includes(`"__typename":"${type}Snapshot"`), `no ${type}Snapshot is there`);
  }
  return `${namesAndTimes(leaves(sent))} names and times`;
}

function leaves(value: unknown, path = ""): string[] {
  if (!isObject(value) && !Array.isArray(value)) return value === null ? [] : [path];
  return Object.entries(value).flatMap(([name, part]) => leaves(part, `${path}.${name}`));
}
