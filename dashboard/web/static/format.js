// Numbers and times as text.

const prefixes = ['', 'k', 'M', 'G', 'T', 'P'];

/** Three significant digits at most, and an SI prefix. */
function scaled(v, unit) {
  let n = Math.abs(v), i = 0;
  while (n >= 999.5 && i < prefixes.length - 1) { n /= 1000; i++; }
  const digits = n >= 99.5 || n === 0 || i === 0 ? 0 : n >= 9.95 ? 1 : 2;
  return [(v < 0 ? '−' : '') + n.toFixed(digits), prefixes[i] + unit];
}

/** A value as [number, unit]. */
export function parts(v, unit) {
  if (v === null || v === undefined) return ['–', ''];
  switch (unit) {
    case 'percent': return [v >= 99.95 ? '100' : v.toFixed(1), '%'];
    case 'bytes_per_s': return scaled(v, 'B/s');
    case 'count': return [v.toLocaleString('en'), ''];
    case 's': return [v.toFixed(1), 's'];
    default: return [String(v), ''];
  }
}

export function value(v, unit) {
  const [number, u] = parts(v, unit);
  return u === '' ? number : u === '%' ? number + u : `${number} ${u}`;
}

/** Labels of an axis: no more digits than needed. */
export function axisLabel(v, unit) {
  if (unit === 'percent') return `${Number(v.toFixed(1))}%`;
  if (unit === 'bytes_per_s') {
    const [number, u] = scaled(Math.abs(v), 'B/s');
    return `${Number(number)} ${u}`;
  }
  return String(v);
}

/** A duration in seconds, in its largest unit. */
export function age(seconds) {
  const s = Math.max(0, seconds);
  if (s < 99.5) return `${Math.round(s)} s`;
  if (s < 99.5 * 60) return `${Math.round(s / 60)} min`;
  if (s < 48 * 3600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} days`;
}

const dateTime = new Intl.DateTimeFormat(undefined, {
  year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
});
const short = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

export const moment = (seconds) => dateTime.format(seconds * 1000);
export const shortMoment = (seconds) => short.format(seconds * 1000);
export const clockTime = (ms) => clock.format(ms);
