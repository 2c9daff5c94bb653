import { createSSRApp } from "vue";
import { App } from "./app.js";

const [server, ...rooms] = new URLSearchParams(location.search).getAll("of");
createSSRApp(App, { server, rooms }).mount("#app");
