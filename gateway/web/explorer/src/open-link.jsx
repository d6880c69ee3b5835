// Opens the query of the page's address in a tab of its own, once; nothing runs before somebody runs it.

import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useState } from "react";

import { LinkError, parseLink } from "./link.js";
import { notify } from "./notices.jsx";

const SUBJECT = "link";
const MILLISECONDS_UNTIL_STORED = 1000;

function read(search) {
  try {
    return parseLink(search);
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    notify(SUBJECT, `The link in the address was not opened. ${error.message}`);
    return undefined;
  }
}

const ofPage = read(location.search);

/** The number of the tab that has this query already, or -1. */
const tabWith = (tabs, { query, variables }) =>
  tabs.findIndex((tab) => tab.query === query && (tab.variables ?? "") === variables);

/** Selects an operation as the one to run, and puts the cursor there, since Ctrl-Enter runs the one at the cursor. */
function useSelectedOperation(name, query) {
  const { queryEditor, documentAST, operations } = useGraphiQL(pick("queryEditor", "documentAST", "operations"));
  const { setOperationName } = useGraphiQLActions();
  const [isDone, setDone] = useState(false);
  const isRead = documentAST?.loc?.source.body === query;
  useEffect(() => {
    if (isDone || !name || !isRead) return;
    setDone(true);
    const operation = operations.find((each) => each.name?.value === name);
    if (!operation) {
      notify(SUBJECT, "The link names an operation that its query does not have.");
      return;
    }
    setOperationName(name);
    const position = queryEditor.getModel().getPositionAt(operation.loc.start);
    queryEditor.setPosition(position);
    queryEditor.revealLine(position.lineNumber);
  });
}

export function OpenLink() {
  const { queryEditor, variableEditor, headerEditor, responseEditor, tabs } = useGraphiQL(
    pick("queryEditor", "variableEditor", "headerEditor", "responseEditor", "tabs"),
  );
  const { addTab, changeTab } = useGraphiQLActions();
  const isReady = Boolean(queryEditor && variableEditor && headerEditor && responseEditor);
  useEffect(() => {
    if (!isReady || !ofPage) return;
    const index = tabWith(tabs, ofPage);
    if (index >= 0) {
      changeTab(index);
    } else {
      addTab();
      queryEditor.setValue(ofPage.query);
      variableEditor.setValue(ofPage.variables);
    }
    // Then the tab is stored: a reload need not add it again, nor the browser's history have ids in addresses.
    setTimeout(() => history.replaceState(null, "", location.pathname), MILLISECONDS_UNTIL_STORED);
  }, [isReady]);
  useSelectedOperation(ofPage?.operationName, ofPage?.query);
  return null;
}
