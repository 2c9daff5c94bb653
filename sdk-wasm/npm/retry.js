// Tries again what failed, after a wait that grows, as the socket does.

/** The first wait, in milliseconds: a moment without a network passes within it. */
const WAIT_FIRST_MS = 500;

/** The longest: what is away for minutes is asked four times a minute. */
const WAIT_LONGEST_MS = 15_000;

/**
 * Calls `act` until it succeeds, has failed `tries` times, or `signal` is aborted. `onFault` is told of each
 * failure that is not the last.
 */
export async function retried(act, { signal, tries = Infinity, onFault } = {}) {
  for (let failures = 1, longest = WAIT_FIRST_MS; ; failures += 1) {
    signal?.throwIfAborted();
    try {
      return await act();
    } catch (cause) {
      signal?.throwIfAborted();
      if (failures >= tries) throw cause;
      onFault?.(cause);
    }
    // Between half and all of it, so that many pages do not come back as one.
    await passed(longest * (1 + Math.random()) / 2, signal);
    longest = Math.min(longest * 2, WAIT_LONGEST_MS);
  }
}

/** Resolves after `ms`, or as soon as `signal` is aborted. */
function passed(ms, signal) {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
}
