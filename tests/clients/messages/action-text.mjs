// What an activity's action is in words: by the ICU messages of a language, with the activity's names and dates.

import { readFileSync } from "node:fs";

import { IntlMessageFormat } from "intl-messageformat";

export const LANGUAGES = ["en", "fr"];

/** What `actionText` needs of an activity. */
export const ACTION_TEXT = `
  fragment ActionText on Activity {
    action
    date { dateTime }
    user { firstName lastName userName }
    ... on AppointmentActivity {
      appointment { start { dateTime } service { name } staff { firstName lastName } }
    }
    ... on FormResultActivity { formResult { form { name } } }
    ... on EmailNotificationActivity { emailNotification { subject } }
    ... on ConferenceRegistrationActivity { conferenceRegistration { numberOfSeats conference { title } } }
  }
`;

/** Dates are shown as they were on the clock of the place, whatever zone the reader is in. */
const FORMATS = { date: { when: { dateStyle: "long", timeStyle: "short", timeZone: "UTC" } } };
const time = (zoned) => (zoned ? new Date(`${zoned.dateTime}Z`) : null);

const fullName = (person) => [person?.firstName, person?.lastName].filter(Boolean).join(" ");

/** The messages of a language: `line`, and `actions` by value of `ActivityAction`. */
export function messages(language) {
  return JSON.parse(readFileSync(new URL(`${language}.json`, import.meta.url), "utf8"));
}

const MESSAGES = Object.fromEntries(LANGUAGES.map((language) => [language, messages(language)]));

/** A message with its values. For each value there is one more that says whether it is known: `hasUser` for `user`. */
export function format(message, language, values) {
  const known = Object.entries(values).map(([name, value]) => [
    `has${name[0].toUpperCase()}${name.slice(1)}`,
    value !== null && value !== "",
  ]);
  return new IntlMessageFormat(message, language, FORMATS).format({ ...values, ...Object.fromEntries(known) });
}

/** One line about an activity, such as "3 January 2024 at 10:53: Mina Ito confirmed the appointment". */
export function actionText(activity, language) {
  const { line, actions } = MESSAGES[language];
  const { action, date, user, appointment, formResult, emailNotification, conferenceRegistration } = activity;
  const title =
    appointment?.service?.name ??
    formResult?.form?.name ??
    emailNotification?.subject ??
    conferenceRegistration?.conference?.title;
  // A later release of the gateway may have further values.
  const text = format(actions[action] ?? actions.OTHER, language, {
    user: fullName(user) || (user?.userName ?? null),
    title: title ?? null,
    start: time(appointment?.start),
    staff: fullName(appointment?.staff),
    seats: conferenceRegistration?.numberOfSeats ?? null,
  });
  return format(line, language, { date: time(date), text });
}
