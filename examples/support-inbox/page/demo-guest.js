const ID = /^#([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$/;

/**
 * On this machine alone, be the guest whose id stands in the address behind `#`: the operator of
 * the demonstration. Anywhere else a link could make somebody write as another.
 */
export function demoGuest({ location, sessionStorage, history } = globalThis) {
  const [, id] = ID.exec(location.hash) ?? [];
  if (id === undefined) return;
  history.replaceState(null, '', location.pathname + location.search);
  if (!['localhost', '127.0.0.1'].includes(location.hostname)) return;
  sessionStorage.setItem('parley.userId', id);
}
