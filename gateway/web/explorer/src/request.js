// Sends GraphiQL's requests to the gateway that served this page.

/** The headers without empty ones, as the preset ones are: an empty credential would be rejected. */
function omitEmpty(headers) {
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([, value]) => value !== "" && value != null));
}

export async function sendRequest(parameters, { headers } = {}) {
  const response = await fetch(location.pathname, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json, application/json;q=0.9",
      ...omitEmpty(headers),
    },
    body: JSON.stringify(parameters),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The response, with status ${response.status}, is not JSON: ${text.slice(0, 200)}`);
  }
}
