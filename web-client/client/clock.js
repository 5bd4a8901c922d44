/** Time and timers as the library takes them; tests pass their own. */
export const systemClock = Object.freeze({
  now: () => Date.now(),
  setTimeout: (callback, milliseconds) => globalThis.setTimeout(callback, milliseconds),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
});
