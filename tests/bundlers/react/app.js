// A component as its developer writes it, for the server and the browser alike.

import { createElement, useMemo, useState } from "react";
import "@parlor/overlay";
import { fromVideo } from "@parlor/overlay/players";

export function App({ server, rooms }) {
  const [video, setVideo] = useState(null);
  const [at, setAt] = useState(0);
  const [isOpen, setOpen] = useState(true);
  const [state, setState] = useState("none");
  const player = useMemo(() => video && fromVideo(video), [video]);

  return createElement(
    "main",
    null,
    createElement("video", { ref: setVideo }),
    isOpen &&
      createElement("parlor-overlay", {
        server,
        room: rooms[at],
        placement: "companion",
        player,
        "onparlor-connection": ({ detail }) => setState(detail.state),
      }),
    createElement("output", null, state),
    createElement("button", { id: "other", onClick: () => setAt(1 - at) }, "Another room"),
    createElement("button", { id: "toggle", onClick: () => setOpen(!isOpen) }, "Close"),
  );
}
