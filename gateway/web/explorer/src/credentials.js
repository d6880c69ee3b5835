// What a new tab has in its headers: the names that the gateway passes on to the REST API, and that of its own keys.

import { configuration } from "./configuration.js";

const { overSandbox, callerKeys } = configuration;
const remark = [
  overSandbox ? "For your own account: apiKey with token, or" : "Of your account: apiKey with token, or",
  callerKeys ? "Authorization. Or else a key of this gateway." : "Authorization. What is empty is not sent.",
];
const names = ["apiKey", "token", "Authorization", ...(callerKeys ? ["X-Gateway-Key"] : [])];

export const CREDENTIALS = `{
${remark.map((line) => `  // ${line}`).join("\n")}
${names.map((name) => `  "${name}": ""`).join(",\n")}
}`;
