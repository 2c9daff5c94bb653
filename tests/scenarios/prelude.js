// What a page of a scenario writes down, and waits with. In the page itself, before anything else of it.

(() => {
  const later = window.setTimeout.bind(window);
  const frame = window.requestAnimationFrame.bind(window);
  /** How long a page waits for anything, in milliseconds. */
  const PATIENCE_MS = 30_000;

  const seen = (window.seen = { shown: [], states: [], faults: [], said: [], sockets: [] });
  addEventListener('error', ({ message }) => seen.faults.push(message));
  addEventListener('unhandledrejection', ({ reason }) => seen.faults.push(String(reason)));
  // The events do not bubble, but they can be captured on their way down.
  addEventListener('parlor-event', ({ target, detail }) => seen.shown.push({ ...detail, by: target.id, shownAt: Date.now() }), true);
  addEventListener('parlor-connection', ({ target, detail }) => {
    target.isLive = detail.state === 'live';
    seen.states.push(detail.state);
  }, true);
  for (const kind of ['warn', 'error']) {
    const say = console[kind].bind(console);
    console[kind] = (...what) => {
      seen.said.push(what.join(' '));
      say(...what);
    };
  }
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      seen.sockets.push(this);
    }
  };

  window.until = async (test) => {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
      const found = await test();
      if (found) return found;
      await new Promise((done) => later(done, 10));
    }
    throw new Error(`waited in vain for ${test}: ${JSON.stringify({ ...seen, sockets: openSockets() })}`);
  };
  /** The callback of the first frame may come before the overlay's own. */
  window.twoFrames = async () => {
    for (let count = 0; count < 2; count += 1) await new Promise(frame);
  };
  /** From here on no timer fires and no frame comes, of those either that are asked for already. */
  window.stopTimers = () => {
    for (let id = later(() => {}, 0); id > 0; id -= 1) clearTimeout(id);
    window.setTimeout = window.requestAnimationFrame = () => 0;
  };
  window.openSockets = () => seen.sockets.filter(({ readyState }) => readyState !== Native.CLOSED).length;
  window.overlay = () => document.querySelector('parlor-overlay');
  window.part = (name, of = window.overlay()) => of.shadowRoot?.querySelector(`[part="${name}"]`);
  window.untilLive = (of = window.overlay) => until(() => of()?.isLive);
  window.untilShown = (message) => until(() => seen.shown.find(({ contribution }) => contribution?.message === message));
  window.untilLevel = (level, of) => until(() => part('level', of)?.textContent === level);
})();
