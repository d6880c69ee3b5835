// A query as an address: ?query=…&variables=…&operationName=…, the parameters of a GET request. It never has headers.

const PARAMETERS = ["query", "variables", "operationName"];

/** Proxies refuse longer addresses, which nginx does from 8 kB on. */
const MAX_CHARACTERS = 8_000;

/** Why there is no link, or why one cannot be opened: a sentence for the page. */
export class LinkError extends Error {}

function parseVariables(text) {
  if (text.trim() === "") return {};
  let variables;
  try {
    variables = JSON.parse(text);
  } catch {
    throw new LinkError("The variables are not JSON.");
  }
  if (typeof variables !== "object" || variables === null || Array.isArray(variables)) {
    throw new LinkError("The variables are not a JSON object.");
  }
  return variables;
}

/**
 * What a link opens; undefined where the address is no link.
 *
 * @throws {LinkError} It is too long or malformed.
 */
export function parseLink(search) {
  const parameters = new URLSearchParams(search);
  if (!PARAMETERS.some((name) => parameters.has(name))) return undefined;
  if (search.length > MAX_CHARACTERS) throw new LinkError(`It is longer than ${MAX_CHARACTERS} characters.`);
  try {
    decodeURIComponent(search);
  } catch {
    throw new LinkError("Its percent-encoding is damaged.");
  }
  for (const name of PARAMETERS) {
    if (parameters.getAll(name).length > 1) throw new LinkError(`It has the parameter ${name} more than once.`);
  }
  const query = parameters.get("query") ?? "";
  if (query.trim() === "") throw new LinkError("Its query is missing.");
  const variables = parseVariables(parameters.get("variables") ?? "");
  return {
    query,
    variables: Object.keys(variables).length > 0 ? JSON.stringify(variables, null, 2) : "",
    operationName: parameters.get("operationName") || null,
  };
}

/**
 * The address of a query at the page's own address.
 *
 * @throws {LinkError} There is no query, its variables are not JSON, or it would be too long.
 */
export function linkTo({ query, variables, operationName }, page) {
  if (query.trim() === "") throw new LinkError("There is no query.");
  const parameters = new URLSearchParams({ query });
  const values = parseVariables(variables);
  if (Object.keys(values).length > 0) parameters.set("variables", JSON.stringify(values));
  if (operationName) parameters.set("operationName", operationName);
  const search = `?${parameters}`;
  if (search.length > MAX_CHARACTERS) throw new LinkError(`It would be longer than ${MAX_CHARACTERS} characters.`);
  return new URL(search, page).href;
}
