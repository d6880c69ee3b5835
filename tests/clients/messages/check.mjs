// Each value of ActivityAction has a message in each language, with known values only; and a client's timeline in words.
// node messages/check.mjs http://127.0.0.1:8000/graphql

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { buildSchema } from "graphql";

import { ACTION_TEXT, actionText, LANGUAGES, messages } from "./action-text.mjs";

const url = process.argv[2];
if (!url) {
  console.error("usage: node messages/check.mjs URL");
  process.exit(2);
}

const schema = buildSchema(readFileSync(new URL("../../../schema.graphql", import.meta.url), "utf8"));
const actions = schema.getType("ActivityAction").getValues().map(({ name }) => name);

for (const language of LANGUAGES) {
  assert.deepEqual(Object.keys(messages(language).actions).sort(), [...actions].sort(), `the messages of ${language}`);
}

const WHOLE = {
  date: { dateTime: "2026-03-09T10:00:00" },
  user: { firstName: "Mina", lastName: "Ito" },
  appointment: { start: { dateTime: "2026-03-10T09:30:00.5" }, service: { name: "Haircut" }, staff: { firstName: "Ken" } },
  formResult: { form: { name: "Allergies" } },
  emailNotification: { subject: "Your booking" },
  conferenceRegistration: { numberOfSeats: 2, conference: { title: "Hair today" } },
};
const texts = (activity) => LANGUAGES.map((language) => actionText(activity, language));

for (const action of actions) {
  assert.equal(new Set([...texts({ ...WHOLE, action }), ...texts({ action })]).size, 2 * LANGUAGES.length, action);
}
assert.deepEqual(texts({ ...WHOLE, action: "APPOINTMENT_RESCHEDULED" }), [
  "March 9, 2026 at 10:00 AM: Mina Ito rescheduled the appointment for Haircut to March 10, 2026 at 9:30 AM",
  "9 mars 2026 à 10:00 : Mina Ito a déplacé le rendez-vous pour « Haircut » au 10 mars 2026 à 09:30",
]);
assert.deepEqual(texts({ action: "REGISTRATION_WAITLISTED", conferenceRegistration: { numberOfSeats: 1 } }), [
  "The client is on the waiting list (1 seat)",
  "Le client est sur la liste d’attente (1 place)",
]);
assert.deepEqual(texts({ action: "A_LATER_VALUE" }), texts({ action: "OTHER" }));
console.log(`ok: ${actions.length} actions in ${LANGUAGES.join(", ")}`);

const query = `${ACTION_TEXT} query Timeline($id: ID!) { activities(clientId: $id, first: 100) { nodes { ...ActionText } } }`;
const response = await fetch(url, {
  method: "POST",
  headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json" },
  body: JSON.stringify({ query, variables: { id: "1300" } }),
});
const { data, errors } = await response.json();
assert.equal(errors, undefined);
assert.deepEqual(new Set(data.activities.nodes.map(({ action }) => action)), new Set(actions));
for (const text of data.activities.nodes.flatMap(texts)) assert.doesNotMatch(text, /null|undefined|Invalid/, text);
console.log(`ok: ${data.activities.nodes.length} activities of the sandbox, such as: ${texts(data.activities.nodes[1]).join(" / ")}`);
