// What a module calls must not throw: it would be left in the midst of what it does, and never give back what it
// holds meanwhile.

/** Tells of an error as of one that nobody caught, but not yet: whoever hears of it may call the module. */
function report(error) {
  queueMicrotask(() => (globalThis.reportError ?? console.error)(error));
}

/** A function that does what `act` does, and returns nothing where that throws. */
export function caught(act) {
  return function (...given) {
    try {
      return act.apply(this, given);
    } catch (error) {
      report(error);
    }
  };
}

/** Has no method of a class throw. */
export function harden({ prototype }) {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== "constructor") prototype[name] = caught(prototype[name]);
  }
}
