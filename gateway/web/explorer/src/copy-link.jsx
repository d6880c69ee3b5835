// The toolbar's button that copies a link to the query, without headers.

import { pick, ToolbarButton, useGraphiQL } from "@graphiql/react";

import { LinkError, linkTo } from "./link.js";
import { dismiss, notify } from "./notices.jsx";

const SUBJECT = "copied link";
const SECONDS_SHOWN = 5;

function Icon() {
  return (
    <svg className="graphiql-toolbar-icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" aria-hidden="true">
      <path d="M10 14a4 4 0 0 0 6 .4l3-3a4.2 4.2 0 0 0-6-6l-1.6 1.6M14 10a4 4 0 0 0-6-.4l-3 3a4.2 4.2 0 0 0 6 6l1.6-1.6" />
    </svg>
  );
}

async function copy(link) {
  try {
    await navigator.clipboard.writeText(link);
  } catch {
    // Without TLS, browsers have no clipboard for pages.
    notify(SUBJECT, <>The browser does not let this page copy. The link: <input readOnly value={link} aria-label="Link" onFocus={({ target }) => target.select()} /></>);
    return;
  }
  notify(SUBJECT, "The link is copied. It has the query and its variables, and no headers.");
  setTimeout(() => dismiss(SUBJECT), SECONDS_SHOWN * 1000);
}

export function CopyLink() {
  const { queryEditor, variableEditor, operationName, operations } = useGraphiQL(
    pick("queryEditor", "variableEditor", "operationName", "operations"),
  );

  async function copyLink() {
    try {
      const parameters = {
        query: queryEditor.getValue(),
        variables: variableEditor.getValue(),
        operationName: operations?.length > 1 ? operationName : null,
      };
      await copy(linkTo(parameters, location.href));
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      notify(SUBJECT, `There is no link to copy. ${error.message}`);
    }
  }

  return (
    <ToolbarButton onClick={copyLink} label="Copy link">
      <Icon />
    </ToolbarButton>
  );
}
