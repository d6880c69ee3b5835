// One line about an activity, whatever its kind.

import { AppointmentThen, Happening } from "./documents.js";
import type { TimelineQuery } from "./gql/graphql.js";
import { unmasked } from "./gql/index.js";

export type Connection = NonNullable<TimelineQuery["activities"]>;
export type Activity = Connection["edges"][number]["node"];

/** What happened: every kind of the schema has its case, or this does not compile. */
export function subject(activity: Activity): string {
  switch (activity.__typename) {
    case "AppointmentActivity": {
      const then = unmasked(AppointmentThen, activity.appointment);
      return `appointment at ${then?.start?.dateTime ?? "an unknown time"} with ${then?.staff?.lastName ?? "nobody"}`;
    }
    case "NoteActivity":
      return `note: ${activity.note?.bodyText ?? ""}`;
    case "ConsentActivity":
      return `consent: ${activity.note?.bodyText ?? ""}`;
    case "FormResultActivity":
      return `form: ${activity.formResult?.form?.name ?? ""}`;
    case "EmailNotificationActivity":
      return `e-mail: ${activity.emailNotification?.subject ?? ""}`;
    case "TextMessageNotificationActivity":
      return `text message: ${activity.textMessageNotification?.body ?? ""}`;
    case "ConferenceRegistrationActivity":
      return `conference: ${activity.conferenceRegistration?.conference?.title ?? ""}`;
    case "UnknownActivity":
      return `${activity.kindRaw}, which the gateway does not know yet`;
    default:
      return newer(activity);
  }
}

/** A kind that came after this app was built: the compiler sees none, an installed app may. */
function newer(activity: never): string {
  return (activity as { __typename: string }).__typename;
}

/** When it happened. The local date-time is for people; sort and compare by the instant. */
export function when(activity: Activity): { shown: string; instant: Date | null } {
  const { date } = unmasked(Happening, activity);
  return {
    shown: date ? `${date.dateTime} ${date.timeZone ?? ""}`.trim() : "undated",
    instant: date?.instant ? new Date(date.instant) : null,
  };
}
