// Sends what GraphiQL asks to the gateway that served this page.

/** A header that is left empty, as the preset ones are, is not sent: an empty credential would be refused. */
function filled(headers) {
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([, value]) => value !== "" && value != null));
}

export async function answer(parameters, { headers } = {}) {
  const response = await fetch(location.pathname, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json, application/json;q=0.9",
      ...filled(headers),
    },
    body: JSON.stringify(parameters),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The answer, with status ${response.status}, is not JSON: ${text.slice(0, 200)}`);
  }
}
