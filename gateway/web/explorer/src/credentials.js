// What a new tab has in its headers: the names that the gateway passes on to the REST API.

export const CREDENTIALS = `{
  // For your own account: apiKey with token, or
  // Authorization. What is empty is not sent.
  "apiKey": "",
  "token": "",
  "Authorization": ""
}`;
