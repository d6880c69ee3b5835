// What a new tab has in its headers: the names that the gateway passes on to the REST API.

import { configuration } from "./configuration.js";

const REMARK = configuration.overSandbox
  ? ["For your own account: apiKey with token, or", "Authorization. What is empty is not sent."]
  : ["The credentials of your account: apiKey with", "token, or Authorization. What is empty is", "not sent, and never stored."];

export const CREDENTIALS = `{
${REMARK.map((line) => `  // ${line}\n`).join("")}  "apiKey": "",
  "token": "",
  "Authorization": ""
}`;
