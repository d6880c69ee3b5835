// Sends GraphiQL's requests to the gateway that served this page.

import { record } from "./answers.js";
import { areReadsShown } from "./reads.jsx";

const UNREACHABLE = "The gateway could not be reached. It may have stopped, or the network refused the connection.";
const OFFLINE = "The browser is offline, so the request was not sent.";
const INVALID_HEADERS = "A request header has a name or a value that HTTP does not allow, so the request was not sent.";

let runs = 0;

/** The headers without empty ones, as the preset ones are: an empty credential would be rejected. */
function omitEmpty(headers) {
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([, value]) => value !== "" && value != null));
}

const failure = (message) => ({ errors: [{ message }] });

/** The result of a response; where that is not GraphQL's JSON, a sentence in its place. */
function parse(text, status) {
  try {
    const result = JSON.parse(text);
    if (typeof result === "object" && result !== null) return result;
  } catch {
    // said below
  }
  return failure(`The response has status ${status} and is not JSON. It may come from a proxy in front of the gateway.`);
}

/** A response with its text, or a sentence that says why there is none. */
async function exchange(headers, body) {
  const startedAt = performance.now();
  try {
    const response = await fetch(location.pathname, { method: "POST", headers, body });
    const bytes = await response.arrayBuffer();
    const { status } = response;
    return {
      status,
      milliseconds: performance.now() - startedAt,
      bytes: bytes.byteLength,
      requestId: response.headers.get("X-Request-Id"),
      result: parse(new TextDecoder().decode(bytes), status),
    };
  } catch {
    return { result: failure(navigator.onLine ? UNREACHABLE : OFFLINE) };
  }
}

/** GraphiQL's fetcher: an introspection comes without a document's syntax tree, and is no run of a tab. */
export async function sendRequest(parameters, options = {}) {
  const isRun = "documentAST" in options;
  const run = isRun ? ++runs : runs;
  if (isRun) record(undefined);
  let headers;
  try {
    headers = new Headers({
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json, application/json;q=0.9",
      ...omitEmpty(options.headers),
    });
  } catch {
    return failure(INVALID_HEADERS);
  }
  if (isRun && areReadsShown()) headers.set("X-Gateway-Explain", "1");
  const answer = await exchange(headers, JSON.stringify(parameters));
  if (isRun && run === runs && answer.status) record(answer);
  return answer.result;
}
