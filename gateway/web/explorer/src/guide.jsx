// A pane beside the docs: the schema as a file, what the headers are for, and the error codes, which `make docs` writes into errors.json.

import { useGraphiQL } from "@graphiql/react";

import { configuration } from "./configuration.js";
import errorCodes from "./errors.json";

const TITLE = "Guide";
// From this script, not from the page: a proxy may give the page another name.
const SCHEMA_URL = new URL("../schema.graphql", import.meta.url).href;
const LICENSES_URL = new URL("licenses.txt", import.meta.url).href;

/** A text in which backticks mark what is code. */
function TextWithCode({ text }) {
  return text.split("`").map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part));
}

function SchemaLink() {
  return <a href={SCHEMA_URL} target="_blank">schema.graphql</a>;
}

function Guide() {
  const schema = useGraphiQL((state) => state.schema);
  return (
    <section className="guide">
      <h2>Guide</h2>
      {schema && <p>The schema as a file, to generate typed clients from: <SchemaLink /></p>}
      <h3>Headers</h3>
      <p>
        <code>apiKey</code> with <code>token</code>, or <code>Authorization</code>, are forwarded to the REST API. Without any of
        them the gateway uses its service credentials, if configured
        {configuration.callerKeys && ", for callers with one of its keys in X-Gateway-Key"}
        {configuration.overSandbox && "; the sandbox has some"}. Empty headers are not sent, and the browser stores none.
        {configuration.explain && " The pane \"Reads\" sends X-Gateway-Explain: 1, which adds the upstream reads of a response to its extensions."}
      </p>
      <h3>Keyboard</h3>
      <p>
        <code>Tab</code> indents in an editor. <code>Escape</code> leaves it, then <code>Tab</code> moves on, and <code>Enter</code> comes
        back. The list of all keys is behind the button "Open short keys dialog".
      </p>
      <h3>Errors</h3>
      <p><code>errors[].extensions.code</code> says what happened.</p>
      <dl>
        {errorCodes.map(({ code, when, httpStatus }) => (
          <div key={code}>
            <dt><code>{code}</code></dt>
            <dd><TextWithCode text={when} /> <small>HTTP <TextWithCode text={httpStatus} /></small></dd>
          </div>
        ))}
      </dl>
      <p>
        <small>
          * with <code>Accept: application/graphql-response+json</code>; 200 with <code>application/json</code>. A response
          without <code>data</code> means that the operation was not executed.
        </small>
      </p>
      <p><small><a href={LICENSES_URL} target="_blank">Licenses</a></small></p>
    </section>
  );
}

function Icon() {
  return (
    <svg viewBox="0 0 24 24" width="1em" height="1em" fill="none" stroke="currentColor" strokeWidth="1.5">
      <circle cx="12" cy="12" r="9" />
      <path strokeLinecap="round" d="M9.3 9.2a2.7 2.7 0 1 1 4 2.4c-.9.5-1.3 1-1.3 2M12 16.6v.1" />
    </svg>
  );
}

export const guide = { title: TITLE, icon: Icon, content: Guide };

/** GraphiQL makes room for a pane only where its own button is pressed; while the pane is open, that is labelled otherwise. */
function open() {
  document.querySelector(`[aria-label="Show ${TITLE}"]`)?.click();
}

/** Beside the tabs. */
export function GuideLinks() {
  const schema = useGraphiQL((state) => state.schema);
  return (
    <nav className="guide-links">
      {schema && <SchemaLink />}
      <button type="button" onClick={open}>error codes</button>
    </nav>
  );
}
