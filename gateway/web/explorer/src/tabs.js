// The tabs of a first visit: over the sandbox, about clients that it has; else about a client that one has to name.

import AccountAppointments from "./tabs/account/Appointments.graphql";
import AccountChanges from "./tabs/account/Changes.graphql";
import AccountCurrentState from "./tabs/account/CurrentState.graphql";
import AccountTimeline from "./tabs/account/Timeline.graphql";
import Pages from "./tabs/Pages.graphql";
import Appointments from "./tabs/sandbox/Appointments.graphql";
import Changes from "./tabs/sandbox/Changes.graphql";
import Clients from "./tabs/sandbox/Clients.graphql";
import Counts from "./tabs/sandbox/Counts.graphql";
import CurrentState from "./tabs/sandbox/CurrentState.graphql";
import Failures from "./tabs/sandbox/Failures.graphql";
import Timeline from "./tabs/sandbox/Timeline.graphql";
import { configuration } from "./configuration.js";
import { CREDENTIALS } from "./credentials.js";

const SANDBOX = [
  { query: Timeline },
  { query: Changes },
  { query: Appointments },
  { query: Pages, variables: { client: "1100", size: 5, after: null } },
  { query: Counts },
  { query: CurrentState },
  { query: Clients, variables: { ids: ["1001", "1020", "1100"] } },
  { query: Failures },
];

const ACCOUNT = [
  { query: AccountTimeline, variables: { client: "" } },
  { query: AccountChanges, variables: { client: "" } },
  { query: AccountAppointments, variables: { client: "" } },
  { query: Pages, variables: { client: "", size: 5, after: null } },
  { query: AccountCurrentState, variables: { client: "" } },
];

export const TABS = (configuration.overSandbox ? SANDBOX : ACCOUNT).map(({ query, variables }) => ({
  query,
  headers: CREDENTIALS,
  variables: variables && JSON.stringify(variables, null, 2),
}));
