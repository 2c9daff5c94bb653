// The overlay as OBS shows it: transparent, silent about its own troubles, and never giving up.
// A classic script, so that it also runs from a file on the streamer's disk; then `server` says
// where the rest comes from.
(() => {
  const RETRY_MS = 3_000;
  const settings = new URLSearchParams(location.hash.slice(1));
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (name !== "token" && !settings.has(name)) settings.set(name, value);
  }
  const server = settings.get("server") || location.origin;

  const overlay = document.createElement("parlor-overlay");
  overlay.setAttribute("server", server);
  overlay.setAttribute("placement", settings.get("placement") || "source");
  for (const name of ["room", "token", "widgets", "edge"]) {
    if (settings.has(name)) overlay.setAttribute(name, settings.get(name));
  }
  document.body.append(overlay);

  // A hidden source gets no frames. What happened meanwhile is not worth showing: the element is
  // taken out, and comes back with the room as it is.
  addEventListener("obsSourceVisibleChanged", (event) => {
    if (event.detail.visible) document.body.append(overlay);
    else overlay.remove();
  });
  addEventListener("hashchange", () => location.reload());

  const load = (attempt) =>
    import(new URL(`/parlor-overlay.js${attempt ? `?retry=${attempt}` : ""}`, server).href).catch(() =>
      setTimeout(load, RETRY_MS, attempt + 1),
    );
  load(0);
})();
