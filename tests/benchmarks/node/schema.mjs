// The gateway's own schema, with resolvers for what the operations of the benchmark select.

import { readFileSync } from "node:fs";
import { makeExecutableSchema } from "@graphql-tools/schema";
import { instant } from "./instants.mjs";

const TYPES = {
  appointment: "AppointmentActivity",
  note: "NoteActivity",
  consent: "ConsentActivity",
  formResult: "FormResultActivity",
  emailNotification: "EmailNotificationActivity",
  textMessageNotification: "TextMessageNotificationActivity",
  conferenceRegistration: "ConferenceRegistrationActivity",
};

async function page({ clientId, first }, { timelines }) {
  const activities = await timelines.load(clientId);
  return { totalCount: activities.length, nodes: activities.slice(0, first) };
}

async function currentStaff({ id, selfLink }, { staff }) {
  const companyId = selfLink.match(/\/companies\/([^/]+)\/appointments\//)[1];
  const members = await staff.load(companyId);
  return members.get(id) ?? null;
}

const resolvers = {
  Query: {
    activities: (_, args, context) => page(args, context),
    client: (_, { id }) => ({ id }),
    clients: (_, { ids }) => ids.map((id) => ({ id })),
  },
  Client: {
    activities: ({ id }, { first }, context) => page({ clientId: id, first }, context),
  },
  Activity: {
    __resolveType: ({ type }) => TYPES[type],
    kind: ({ type }) => type,
    kindRaw: ({ type }) => type,
    updatedAttributes: ({ updatedAttributes }) => updatedAttributes ?? [],
  },
  ZonedDateTime: {
    instant: (zoned) => zoned.instant ?? instant(zoned),
  },
  AppointmentSnapshot: {
    appointmentId: ({ id }) => id,
    staff: ({ staff, selfLink }) => staff && { ...staff, selfLink },
  },
  StaffSnapshot: {
    staffId: ({ id }) => id,
    current: (staff, _, context) => currentStaff(staff, context),
  },
  Staff: {
    emailAddress: ({ email }) => email,
  },
  ServiceSnapshot: {
    serviceId: ({ id }) => id,
  },
  NoteSnapshot: {
    noteId: ({ id }) => id,
  },
  FormResultSnapshot: {
    formResultId: ({ id }) => id,
  },
  FormSnapshot: {
    formId: ({ id }) => id,
  },
  ConferenceRegistrationSnapshot: {
    registrationId: ({ id }) => id,
  },
  ConferenceSnapshot: {
    conferenceId: ({ id }) => id,
  },
  ConferenceSessionSnapshot: {
    sessionId: ({ id }) => id,
  },
  ActivityKind: {
    APPOINTMENT: "appointment",
    NOTE: "note",
    CONSENT: "consent",
    FORM_RESULT: "formResult",
    EMAIL_NOTIFICATION: "emailNotification",
    TEXT_MESSAGE_NOTIFICATION: "textMessageNotification",
    CONFERENCE_REGISTRATION: "conferenceRegistration",
  },
  ActivityEvent: {
    CREATED: "created",
    UPDATED: "updated",
    DELETED: "deleted",
  },
  AppointmentStatus: {
    COMPLETED: "completed",
    NO_SHOW: "noShow",
    ACCEPTED: "accepted",
    PENDING: "pending",
    DECLINED: "declined",
    CANCELLED: "cancelled",
    IN_PROGRESS: "inProgress",
  },
  RegistrationStatus: {
    ACCEPTED: "accepted",
    CANCELLED: "cancelled",
    WAITING_LIST: "waitingList",
  },
};

export const schema = makeExecutableSchema({
  typeDefs: readFileSync(new URL("../../../schema.graphql", import.meta.url), "utf8"),
  resolvers,
  inheritResolversFromInterfaces: true,
});
