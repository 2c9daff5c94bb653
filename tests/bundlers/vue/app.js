// A component as its developer writes it, for the server and the browser alike.

import { h, onMounted, ref, shallowRef } from "vue";
import "@parlor/overlay";
import { fromVideo } from "@parlor/overlay/players";

export const App = {
  props: ["server", "rooms"],
  setup({ server, rooms }) {
    const video = ref(null);
    const player = shallowRef(null);
    const at = ref(0);
    const isOpen = ref(true);
    const state = ref("none");
    onMounted(() => (player.value = fromVideo(video.value)));

    return () =>
      h("main", [
        h("video", { ref: video }),
        isOpen.value
          ? h("parlor-overlay", {
              server,
              room: rooms[at.value],
              placement: "companion",
              player: player.value,
              onParlorConnection: ({ detail }) => (state.value = detail.state),
            })
          : null,
        h("output", state.value),
        h("button", { id: "other", onClick: () => (at.value = 1 - at.value) }, "Another room"),
        h("button", { id: "toggle", onClick: () => (isOpen.value = !isOpen.value) }, "Close"),
      ]);
  },
};
