// An application as its developer writes it: it imports both packages by their names.

import { connect } from "parlor-sdk";
import "@parlor/overlay";
import { fromVideo } from "@parlor/overlay/players";

const [server, room] = new URLSearchParams(location.search).getAll("of");

const overlay = document.querySelector("parlor-overlay");
Object.assign(overlay, { server, room });
overlay.player = fromVideo(document.createElement("video"));

window.client = await connect({ server, room });
