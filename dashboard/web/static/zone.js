// The clock by which the page shows times: the one of the browser's time zone, or UTC.

const hour = 3600, day = 24 * hour;

/** The name of the browser's time zone, such as Europe/Berlin. */
export const browserZone = new Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * How many seconds the clock is ahead of UTC at a time.
 * @param {boolean} utc
 * @param {number} s is the time in Unix seconds
 */
export const offsetAt = (utc, s) => (utc ? 0 : -60 * new Date(s * 1000).getTimezoneOffset());

/**
 * When the clock changes within a span, because daylight saving begins or ends: the time, and the offset from then on.
 * @param {boolean} utc
 * @param {number} from
 * @param {number} to
 */
function changes(utc, from, to) {
  /** @type {[at: number, offset: number][]} */
  const found = [];
  for (let start = Math.floor(from); start < to; start += day) {
    let before = start, after = Math.min(start + day, Math.ceil(to));
    const offset = offsetAt(utc, after);
    if (offset === offsetAt(utc, before)) continue;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (offsetAt(utc, middle) === offset) after = middle; else before = middle;
    }
    found.push([after, offset]);
  }
  return found;
}

/**
 * The offset in a span, as requests for data have it: the one at its beginning, then each change.
 * @param {boolean} utc
 * @param {number} from
 * @param {number} to
 */
export const offsets = (utc, from, to) => [offsetAt(utc, from), ...changes(utc, from, to).map(([at, offset]) => `${at}:${offset}`)].join(',');

/**
 * The offset of a clock as a text, such as UTC+5:30.
 * @param {number} offset
 */
function offsetText(offset) {
  const size = Math.abs(offset), minutes = (size % hour) / 60;
  return `UTC${offset === 0 ? '' : `${offset < 0 ? '−' : '+'}${Math.floor(size / hour)}${minutes > 0 ? `:${String(minutes).padStart(2, '0')}` : ''}`}`;
}

/**
 * The offsets in a span as a text: two if daylight saving begins or ends in it.
 * @param {boolean} utc
 * @param {number} from
 * @param {number} to
 */
export function zoneText(utc, from, to) {
  const last = changes(utc, from, to).at(-1);
  return [offsetAt(utc, from), ...(last ? [last[1]] : [])].map(offsetText).filter((text, i, all) => all.indexOf(text) === i).join(' / ');
}

/**
 * A time as the value of an input of type datetime-local.
 * @param {boolean} utc
 * @param {number} s
 */
export const inputValue = (utc, s) => new Date((s + offsetAt(utc, s)) * 1000).toISOString().slice(0, 19);

/**
 * The time in such an input, in Unix seconds; NaN if it has none.
 * @param {boolean} utc
 * @param {string} text
 */
export const inputTime = (utc, text) => Date.parse(utc ? `${text}Z` : text) / 1000;

/**
 * Whether a span has only a part of a day.
 * @param {boolean} utc
 * @param {number} midnight is the beginning of the day by the clock, read as if that were UTC
 * @param {{ from: number, to: number }} span
 */
export const isPartial = (utc, midnight, { from, to }) => midnight < from + offsetAt(utc, from) || midnight + day > to + offsetAt(utc, to);
