// The start of a browser, after which it is there or nothing of it is.

/** How long a browser may take to be there, in milliseconds: some ten times what it takes where all is well. */
const START_TIMEOUT_MS = 60_000;

/**
 * Starts `browser`, which has `start` and `close`. One that does not start is closed before that is told, since
 * whoever waits for it has nothing to close. One that is late is closed too, which ends whatever its start waits
 * for.
 */
export async function launch(browser, timeoutMs = START_TIMEOUT_MS) {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    // It is closed again below, where a failure is told.
    browser.close().catch(() => {});
  }, timeoutMs);
  try {
    await browser.start();
    if (isLate) throw new Error('it was closed as it came');
    return browser;
  } catch (error) {
    await browser.close();
    throw isLate ? new Error(`not there in ${timeoutMs} ms: ${error.message}`, { cause: error }) : error;
  } finally {
    clearTimeout(timer);
  }
}
