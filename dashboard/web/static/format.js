// Numbers and times as text.

const prefixes = ['', 'k', 'M', 'G', 'T', 'P'];

/**
 * At most three significant digits, and an SI prefix.
 * @param {number} v
 * @param {string} unit
 * @returns {[number: string, unit: string]}
 */
function scaled(v, unit) {
  let n = Math.abs(v), i = 0;
  if (unit === '/s' && n > 0 && n < 0.00995) return [(v < 0 ? '−' : '') + Number(n.toPrecision(1)), unit];
  while (n >= 999.5 && i < prefixes.length - 1) { n /= 1000; i++; }
  const digits = n >= 99.5 || n === 0 || (i === 0 && unit !== '/s') ? 0 : n >= 9.95 ? 1 : 2;
  return [(v < 0 ? '−' : '') + n.toFixed(digits), prefixes[i] + unit];
}

/** @type {Record<string, string>} */
const scales = { bytes: 'B', bytes_per_s: 'B/s', per_s: '/s', bits_per_s: 'bit/s' };

/**
 * A percentage without its sign. What is rounded to zero has no minus.
 * @param {number} v
 */
function percent(v) {
  if (v >= 99.95 && v < 100.05) return '100';
  const size = Math.abs(v), text = size >= 0.995 || size < 0.005 ? size.toFixed(1) : size.toFixed(2);
  return (v < 0 && size >= 0.005 ? '−' : '') + text;
}

/** From so many percent of a core on, which only many hosts use together, whole cores are easier to read. */
const manyCores = 10_000;

/**
 * A value as number and unit.
 * @param {any} v
 * @param {string} unit
 * @returns {[number: string, unit: string]}
 */
export function parts(v, unit) {
  if (v === null || v === undefined) return ['–', ''];
  switch (unit) {
    case 'percent': return [percent(v), '%'];
    case 'percent_of_core': return v < manyCores ? [v.toFixed(v < 9.95 ? 1 : 0), '%'] : [Math.round(v / 100).toLocaleString('en'), 'cores'];
    case 'bytes': case 'bytes_per_s': case 'per_s': case 'bits_per_s': return scaled(v, scales[unit]);
    case 'ms': return v < 999.5 ? [v.toFixed(v < 9.95 ? 2 : v < 99.5 ? 1 : 0), 'ms'] : [(v / 1000).toFixed(v < 9995 ? 2 : 1), 's'];
    case 'celsius': return [v.toFixed(1), '°C'];
    case 'count': return [v.toLocaleString('en', { maximumFractionDigits: 1 }), ''];
    case 'load': return [v.toFixed(2), ''];
    case 's': return v !== 0 && Math.abs(v) < 0.9995 ? [String(Number((1000 * v).toPrecision(3))), 'ms'] : Math.abs(v) < 99.5 ? [v.toFixed(1), 's'] : [age(v), ''];
    case 'duration': return [age(v), ''];
    case 'time': return [moment(v), ''];
    default: return [String(v), ''];
  }
}

/**
 * A value with its unit.
 * @param {any} v
 * @param {string} unit
 */
export function value(v, unit) {
  const [number, u] = parts(v, unit);
  return u === '' ? number : u === '%' ? number + u : `${number} ${u}`;
}

/**
 * The label of a value on an axis, without needless digits.
 * @param {number} v
 * @param {string} unit
 */
export function axisLabel(v, unit) {
  if (unit === 'percent_of_core' && v >= manyCores) return `${Number((v / 100).toFixed(1)).toLocaleString('en')} cores`;
  if (unit === 'percent' || unit === 'percent_of_core') return `${Number(v.toFixed(1))}%`;
  if (scales[unit]) {
    const [number, u] = scaled(Math.abs(v), scales[unit]);
    return `${Number(number)} ${u}`;
  }
  if (unit === 's' && v !== 0 && Math.abs(v) < 9.95) return Math.abs(v) < 0.9995 ? `${Number((1000 * v).toPrecision(3))} ms` : `${Number(v.toFixed(1))} s`;
  if (unit === 's' || unit === 'duration') return v === 0 ? '0' : age(v);
  if (unit === 'ms') return `${Number(v.toFixed(2))} ms`;
  if (unit === 'celsius') return `${Number(v.toFixed(1))} °C`;
  if (unit === 'count') return Math.abs(v) >= 10_000 ? scaled(v, '').join('') : String(Number(v.toFixed(1)));
  return String(Number(v.toFixed(2)));
}

/**
 * An amount of money. One that is far less than a cent keeps two significant digits.
 * @param {number} v
 */
export function usd(v) {
  return `${v === 0 || v >= 0.995 ? v.toFixed(2) : v.toFixed(Math.min(7, 1 - Math.floor(Math.log10(v))))} USD`;
}

/**
 * A duration in its largest unit.
 * @param {number} seconds
 */
export function age(seconds) {
  const s = Math.max(0, seconds);
  if (s < 99.5) return `${Math.round(s)} s`;
  if (s < 99.5 * 60) return `${Math.round(s / 60)} min`;
  if (s < 48 * 3600) return `${Math.round(s / 3600)} h`;
  if (s < 3 * 365 * 86400) return `${Math.round(s / 86400)} days`;
  return 'years';
}

/** @param {string} [timeZone] is the browser's if it is not given */
const formats = (timeZone) => ({
  dateTime: new Intl.DateTimeFormat(undefined, {
    year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZone,
  }),
  short: new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone }),
  minute: new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone }),
  day: new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone }),
  clock: new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZone }),
});
const local = formats(), universal = formats('UTC');
let chosen = local;

/**
 * Chooses the clock of all times as text.
 * @param {boolean} utc
 */
export function useUTC(utc) { chosen = utc ? universal : local; }

/** Whether times are in UTC. */
export const inUTC = () => chosen === universal;

// Days are already by the viewer's clock.
const date = new Intl.DateTimeFormat(undefined, { weekday: 'short', month: 'short', day: 'numeric', timeZone: 'UTC' });

/** @param {number} seconds */
export const moment = (seconds) => chosen.dateTime.format(seconds * 1000);
/** @param {number} seconds */
export const shortMoment = (seconds) => chosen.short.format(seconds * 1000);
/**
 * A time beside an axis: the hour and the minute, or the day at midnight.
 * @param {number} seconds
 */
export function tick(seconds) {
  const text = chosen.minute.format(seconds * 1000);
  return text === '00:00' ? chosen.day.format(seconds * 1000) : text;
}
/** @param {number} ms */
export const clockTime = (ms) => chosen.clock.format(ms);

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/**
 * The name of a machine without its domain, and the domain with its dot. An address of numbers has no domain.
 * @param {string} name
 * @returns {[first: string, domain: string]}
 */
export function withoutDomain(name) {
  const [, first, domain] = /^([^.\s]*[^.\s\d][^.\s]*)(\.\S+)$/u.exec(name) ?? ['', name, ''];
  return [first, domain];
}

/**
 * A name with at most so many characters. It is shortened in the middle, because names of machines differ at their ends, but what
 * stands before a domain stays whole if it fits.
 * @param {string} name
 * @param {number} most
 */
export function middle(name, most) {
  const letters = [...name], first = [...withoutDomain(name)[0]].length;
  if (letters.length <= most) return name;
  if (first < letters.length && first >= most) return middle(letters.slice(0, first).join(''), most);
  const end = Math.min(Math.floor((most - 1) / 2), first === letters.length ? most : most - 1 - first);
  return `${letters.slice(0, most - 1 - end).join('')}…${end > 0 ? letters.slice(-end).join('') : ''}`;
}

/**
 * What a row is about, as text: the name of a host, an hour, a weekday, a day.
 * @param {any} v
 * @param {string | undefined} by
 */
export function dimension(v, by) {
  switch (by) {
    case 'hour': return `${String(v).padStart(2, '0')}:00`;
    case 'weekday': return weekdays[v];
    case 'day': return date.format(v * 1000);
    case 't': return shortMoment(v);
    default: return String(v);
  }
}
