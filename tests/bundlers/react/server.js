import { StrictMode, createElement } from "react";
import { renderToString } from "react-dom/server";
import { App } from "./app.js";

export const render = (props) => renderToString(createElement(StrictMode, null, createElement(App, props)));
