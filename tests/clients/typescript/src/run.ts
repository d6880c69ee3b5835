// Runs every client against a gateway over the sandbox.
// node build/run.js http://127.0.0.1:8000/graphql http://127.0.0.1:8001

import * as apollo from "./apollo.js";
import * as migration from "./migration.js";
import * as paging from "./paging.js";
import * as places from "./places.js";
import * as react from "./react.js";
import * as request from "./request.js";
import * as threads from "./threads.js";
import * as urql from "./urql.js";

const [url, rest] = process.argv.slice(2);
if (!url || !rest) {
  console.error("usage: node build/run.js URL REST_URL");
  process.exit(2);
}

const EXPERIENCES = [
  apollo.pagesBecomeOneList,
  apollo.fragmentsOnTheInterfaceApply,
  apollo.everyNameAndTimeIsTheGateways,
  apollo.twoComponentsMakeTwoRequests,
  apollo.aClientsPagesBecomeOneList,
  apollo.errorsHaveCodes,
  paging.pagesFollowEachOther,
  paging.repeatedPagesAreThereOnce,
  paging.aListBeginsAnew,
  paging.aPlaceBeginsAList,
  paging.countsOfAPlaceAreItsOwn,
  paging.selectionsOfOneListCompleteEachOther,
  paging.failedPagesLeaveTheOthers,
  paging.emptyPagesEndAList,
  paging.evictedActivitiesAreGone,
  react.usersSeeOnePageAndTheNextBelowIt,
  react.usersReadWhatAnErrorMeans,
  react.usersTryAgainWhereThereWasNoNetwork,
  urql.activitiesHaveLines,
  urql.everyNameAndTimeIsTheGateways,
  urql.twoComponentsMakeTwoRequests,
  urql.aClientsPagesBecomeOneList,
  urql.componentsShareAList,
  urql.pagesGrowBackward,
  urql.errorsHavePaths,
  threads.apolloPagesThreads,
  threads.urqlPagesThreads,
  threads.twoComponentsShareThreads,
  places.apolloJumps,
  places.urqlJumps,
  request.pagesLeadToTheEnd,
  request.credentialsThatAreWrongAreSaidToBe,
  migration.bothWaysLeadToTheSame,
];

for (const experience of EXPERIENCES) {
  console.log(`ok: ${experience.name}: ${await experience(url, rest)}`);
}
