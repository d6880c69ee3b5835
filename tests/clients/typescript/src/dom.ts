// A document without a browser, for React to render into. It has to be there before react-dom is loaded.

import { Window } from "happy-dom";

const window = new Window();
const { document, navigator } = window;
Object.assign(globalThis, { window, document, IS_REACT_ACT_ENVIRONMENT: true });
Object.defineProperty(globalThis, "navigator", { value: navigator });
