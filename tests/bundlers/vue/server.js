import { createSSRApp } from "vue";
import { renderToString } from "vue/server-renderer";
import { App } from "./app.js";

export const render = (props) => renderToString(createSSRApp(App, props));
