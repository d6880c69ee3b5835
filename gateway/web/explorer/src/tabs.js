// The tabs of a first visit, over clients that the bundled sandbox has.

import Changes from "./tabs/Changes.graphql";
import Clients from "./tabs/Clients.graphql";
import CurrentState from "./tabs/CurrentState.graphql";
import Failures from "./tabs/Failures.graphql";
import Pages from "./tabs/Pages.graphql";
import Timeline from "./tabs/Timeline.graphql";
import { CREDENTIALS } from "./credentials.js";

const EXPLAINED = CREDENTIALS.replace(/\n\}$/, ',\n  "X-Gateway-Explain": "1"\n}');

export const TABS = [
  { query: Timeline },
  { query: Changes },
  { query: Pages, variables: { client: "1100", size: 5, after: null } },
  { query: CurrentState, headers: EXPLAINED },
  { query: Clients, variables: { ids: ["1001", "1020", "1100"] } },
  { query: Failures },
].map(({ variables, ...tab }) => ({
  headers: CREDENTIALS,
  ...tab,
  variables: variables && JSON.stringify(variables, null, 2),
}));
