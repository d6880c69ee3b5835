// The page: GraphiQL with its explorer, its history, and a guide of ours.

import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./keyboard.js";
import "./page.css";
import "./workers.js";

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";

import { configuration, LIMITATION } from "./configuration.js";
import { CopyLink } from "./copy-link.jsx";
import { CREDENTIALS } from "./credentials.js";
import { guide, GuideLinks } from "./guide.jsx";
import { Notices, notify } from "./notices.jsx";
import { OpenLink } from "./open-link.jsx";
import { reads } from "./reads.jsx";
import { sendRequest } from "./request.js";
import { StatusLine } from "./status-line.jsx";
import { storage } from "./storage.js";
import { TABS } from "./tabs.js";

const PLUGINS = [explorerPlugin({ showAttribution: false }), HISTORY_PLUGIN, ...(configuration.explain ? [reads] : []), guide];

if (LIMITATION) notify("gateway", LIMITATION);

createRoot(document.getElementById("graphiql")).render(
  <GraphiQL
    fetcher={sendRequest}
    schema={LIMITATION ? null : undefined}
    plugins={PLUGINS}
    storage={storage}
    shouldPersistHeaders={false}
    defaultTabs={TABS}
    defaultHeaders={CREDENTIALS}
    defaultEditorToolsVisibility="headers"
  >
    <GraphiQL.Logo>
      <h1 className="page-title">GraphiQL: client activities</h1>
      <GuideLinks />
      <Notices />
    </GraphiQL.Logo>
    <GraphiQL.Toolbar>
      {({ prettify, merge, copy }) => (
        <>
          {prettify}
          {merge}
          {copy}
          <CopyLink />
        </>
      )}
    </GraphiQL.Toolbar>
    <GraphiQL.Footer>
      <StatusLine />
    </GraphiQL.Footer>
    <OpenLink />
  </GraphiQL>,
);
