const clockTime = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const thisYear = new Intl.DateTimeFormat(undefined, {
  weekday: 'long', day: 'numeric', month: 'long',
});
const longAgo = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });
const shortDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

const DAY_MS = 86_400_000;

/** The time of day; nothing for what is no time. */
export function timeOfDay(iso) {
  const date = parse(iso);
  return date === null ? '' : clockTime.format(date);
}

/** A day as a person calls it: Today, Yesterday, or its date. */
export function dayOf(iso, now = new Date()) {
  const date = parse(iso);
  if (date === null) return '';
  const days = Math.round((midnight(now) - midnight(date)) / DAY_MS);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return (date.getFullYear() === now.getFullYear() ? thisYear : longAgo).format(date);
}

/** As short as can be: the time for today, else the day. */
export function briefly(iso, now = new Date()) {
  const date = parse(iso);
  if (date === null) return '';
  return midnight(now) === midnight(date) ? clockTime.format(date) : shortDay.format(date);
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function parse(iso) {
  const date = new Date(iso ?? NaN);
  return Number.isNaN(date.getTime()) ? null : date;
}
