/** Parlor's client for web pages: see index.d.ts. */

import initialise from "./parlor_sdk_wasm.js";
import { connector } from "./client.js";

export { ParlorError } from "./api.js";
export { ParlorClient } from "./client.js";

export const connect = connector(() =>
  // Written out, so that bundlers see the file.
  initialise({ module_or_path: new URL("./parlor_sdk_wasm_bg.wasm", import.meta.url) }),
);
