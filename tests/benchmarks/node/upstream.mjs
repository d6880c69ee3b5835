// What the REST API knows, each part of it read once per request.

import DataLoader from "dataloader";
import { Pool } from "undici";
import { instant } from "./instants.mjs";

const pool = new Pool(process.env.UPSTREAM_URL, { connections: 100 });

async function items(path, headers) {
  const { statusCode, body } = await pool.request({ path, method: "GET", headers });
  if (statusCode !== 200) {
    await body.dump();
    throw new Error(`The upstream answered with ${statusCode}.`);
  }
  return (await body.json()).items;
}

// ISO 8601 in UTC sorts as text.
function byInstantThenId(one, other) {
  if (one.date.instant !== other.date.instant) return one.date.instant < other.date.instant ? -1 : 1;
  return one.id < other.id ? -1 : 1;
}

async function timeline(clientId, headers) {
  const activities = await items(`/api/2.3/activities?clientId=${encodeURIComponent(clientId)}`, headers);
  for (const activity of activities) activity.date.instant = instant(activity.date);
  return activities.sort(byInstantThenId);
}

async function staff(companyId, headers) {
  const members = await items(`/api/2.1/scheduling/companies/${encodeURIComponent(companyId)}/staff`, headers);
  return new Map(members.map((member) => [member.id, member]));
}

export function context({ headers: { apikey: apiKey, token } }) {
  const headers = { apiKey, token };
  return {
    timelines: new DataLoader((clientIds) => Promise.all(clientIds.map((id) => timeline(id, headers)))),
    staff: new DataLoader((companyIds) => Promise.all(companyIds.map((id) => staff(id, headers)))),
  };
}
