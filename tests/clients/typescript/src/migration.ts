// Every appointment in a client's timeline as it is today: by the REST calls, and by the gateway.

import assert from "node:assert/strict";

import { GraphQLClient } from "graphql-request";

import { graphql } from "./gql/index.js";

async function before(rest: string, headers: Record<string, string>, id: string) {
  const read = async (path: string): Promise<any> => (await fetch(rest + path, { headers })).json();
  const { items } = await read(`/api/2.3/activities?clientId=${id}&type=appointment`);
  for (const { appointment } of items) {
    const [, company] = /companies\/([^/]+)/.exec(appointment.selfLink)!;
    appointment.current = await read(`/api/2.1/scheduling/companies/${company}/appointments/${appointment.id}`);
  }
  return items.map(({ appointment }: any) => [appointment.id, appointment.current.start?.dateTime]);
}

async function after(gateway: string, headers: Record<string, string>, id: string) {
  const { activities } = await new GraphQLClient(gateway, { headers }).request(graphql(`
    query Appointments($id: ID!) {
      activities(clientId: $id, filter: { kinds: [APPOINTMENT] }) {
        nodes { ... on AppointmentActivity { appointment { appointmentId status current { status start { dateTime } } } } }
      }
    }
  `), { id });
  return activities?.nodes.map((node) => {
    assert.ok("appointment" in node);
    return [node.appointment?.appointmentId, node.appointment?.current?.start?.dateTime];
  });
}

/** Both ways lead to the same, also where an appointment was deleted. */
export async function bothWaysLeadToTheSame(gateway: string, rest: string) {
  const headers = { apiKey: "sandbox-key-1", token: "sandbox-token-1" };
  const [by, through] = await Promise.all([before(rest, headers, "1100"), after(gateway, headers, "1100")]);
  assert.deepEqual(through, by);
  assert.ok(by.some(([, start]: [string, string?]) => start) && by.some(([, start]: [string, string?]) => !start));
  return `${by.length} appointments`;
}
