import { StrictMode, createElement } from "react";
import { hydrateRoot } from "react-dom/client";
import { App } from "./app.js";

const [server, ...rooms] = new URLSearchParams(location.search).getAll("of");
const app = createElement(StrictMode, null, createElement(App, { server, rooms }));
hydrateRoot(document.querySelector("#app"), app, {
  onRecoverableError: (error) => console.error(error),
});
