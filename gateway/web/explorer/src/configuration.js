// What the gateway says of itself in the page, and the sentence about what does not work with it.

export const configuration = JSON.parse(document.getElementById("graphiql").dataset.configuration);

function limitation() {
  if (configuration.trustedDocumentsOnly) {
    return "This gateway accepts trusted documents only (GATEWAY_TRUSTED_DOCUMENTS=enforce), so it refuses the queries of this page and does not tell it the schema.";
  }
  if (!configuration.introspection) {
    return "Introspection is off (GATEWAY_INTROSPECTION=false): queries run, but there is no completion, no explorer and no documentation of the schema.";
  }
  return null;
}

export const LIMITATION = limitation();
