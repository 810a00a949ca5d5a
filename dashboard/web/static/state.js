// What the viewer chose: dashboard, time range and filters. The address holds it, so that a link leads to the same view and
// the browser's Back button undoes a choice.

/** @import { Compare, Filter, State } from '../types.js' */

import { offsets } from './zone.js';

export const ranges = ['5m', '15m', '1h', '6h', '24h', '7d', '30d'];
/** @type {Filter[]} */
export const filters = ['host', 'env', 'role', 'tag', 'process'];
const defaultRange = '15m', defaultDashboard = 'overview';
/** @type {Record<string, number>} */
const units = { s: 1, m: 60, h: 3600, d: 86400 };
const maxSpanS = 400 * 86400;
/** How many hosts a viewer can pick; the server takes no more. */
export const mostPicked = 8;

/**
 * The length of a range such as 15m in seconds; null if the text is not a range.
 * @param {string | null} range
 */
export function spanOf(range) {
  const m = /^(\d{1,8})([smhd])$/.exec(range ?? '');
  if (!m) return null;
  const s = Number(m[1]) * units[m[2]];
  return s >= 10 && s <= maxSpanS ? s : null;
}

/**
 * The length of a state's time range in seconds.
 * @param {State} state
 */
export const span = (state) => (state.range === null ? state.to - state.from : spanOf(state.range) ?? 0);

/**
 * The state that an address holds. The default replaces what cannot be read.
 * @param {string} search
 * @returns {State}
 */
export function parse(search) {
  const q = new URLSearchParams(search);
  /** @param {Filter} name */
  const filter = (name) => q.get(name) ?? '';
  const compared = q.get('compare') ?? '', compare = /** @type {Compare} */ (['period', 'day', 'week'].includes(compared) ? compared : '');
  const chosen = {
    compare, kiosk: q.get('kiosk') === '1', utc: q.get('utc') === '1', map: q.get('map') ?? '', pick: q.getAll('pick').slice(0, mostPicked),
    dashboard: q.get('dashboard') || defaultDashboard, metric: q.get('metric') ?? '', once: q.get('once') === 'true',
    host: filter('host'), env: filter('env'), role: filter('role'), tag: filter('tag').includes('=') ? filter('tag') : '', process: filter('process'),
  };
  const from = momentOf(q.get('from')), to = momentOf(q.get('to'));
  if (Number.isFinite(from) && Number.isFinite(to) && to - from >= 10 && to - from <= maxSpanS) {
    return { ...chosen, range: null, from, to };
  }
  const range = q.get('range');
  return { ...chosen, range: range === null || spanOf(range) === null ? defaultRange : range, from: null, to: null };
}

/**
 * A moment in Unix seconds. The text is a time in ISO 8601 or Unix seconds; NaN if it is neither.
 * @param {string | null} text
 */
function momentOf(text) {
  if (text === null || text === '') return NaN;
  return /^\d+(\.\d+)?$/.test(text) && text.length > 4 ? Number(text) : Date.parse(text) / 1000;
}

/**
 * What is wrong with an address. parse replaces these parts by the default, which the viewer must know.
 * @param {string} search
 * @param {string[]} dashboards are their ids
 */
export function faults(search, dashboards) {
  const q = new URLSearchParams(search), range = q.get('range'), dashboard = q.get('dashboard'), tag = q.get('tag');
  /** @type {string[]} */
  const found = [];
  const instead = `This page shows the last ${defaultRange.replace('m', ' minutes')} instead.`;
  if (q.has('from') || q.has('to')) {
    const from = momentOf(q.get('from')), to = momentOf(q.get('to'));
    /** @param {string} what */
    const bad = (what) => found.push(`The link's time range cannot be used: ${what}. ${range !== null && spanOf(range) !== null ? '' : instead}`.trim());
    if (!q.has('from') || !q.has('to')) bad(`it has ${q.has('from') ? 'from without to' : 'to without from'}`);
    else if (!Number.isFinite(from)) bad(`from is ${q.get('from')}, which is not a time such as 2026-02-03T04:05:06Z`);
    else if (!Number.isFinite(to)) bad(`to is ${q.get('to')}, which is not a time such as 2026-02-03T04:05:06Z`);
    else if (to <= from) bad('it ends before it begins');
    else if (to - from < 10) bad('it is shorter than 10 seconds');
    else if (to - from > maxSpanS) bad(`it is longer than ${maxSpanS / 86400} days`);
  } else if (range !== null && spanOf(range) === null) {
    found.push(`The link's range ${range} cannot be used: it must be a duration from 10s to ${maxSpanS / 86400}d, such as 15m, 6h or 7d. ${instead}`);
  }
  if (dashboard && !dashboards.includes(dashboard)) found.push(`There is no dashboard ${dashboard}. This is the Overview.`);
  if (tag && !tag.includes('=')) found.push(`The link's tag ${tag} cannot be used: it must be key=value. No tag is chosen.`);
  return found;
}

/**
 * The address of a state. Equal states have equal addresses, and what is as by default is not in them.
 * @param {State} state
 */
export function toSearch(state) {
  const q = new URLSearchParams();
  if (state.dashboard !== defaultDashboard) q.set('dashboard', state.dashboard);
  choices(q, state);
  if (state.range === defaultRange) q.delete('range');
  if (state.compare) q.set('compare', state.compare);
  if (state.kiosk) q.set('kiosk', '1');
  if (state.utc) q.set('utc', '1');
  if (state.map) q.set('map', state.map);
  return q.size > 0 ? `?${String(q).replaceAll('%3A', ':')}` : '/';
}

/**
 * @param {URLSearchParams} q
 * @param {State} state
 */
function choices(q, state) {
  if (state.range === null) {
    q.set('from', iso(state.from));
    q.set('to', iso(state.to));
  } else {
    q.set('range', state.range);
  }
  for (const name of filters) if (state[name]) q.set(name, state[name]);
  for (const host of state.pick) q.append('pick', host);
  if (state.metric) q.set('metric', state.metric);
  if (state.once) q.set('once', 'true');
  return q;
}

/**
 * A time in ISO 8601, without milliseconds if they are zero.
 * @param {number} s
 */
const iso = (s) => new Date(s * 1000).toISOString().replace('.000Z', 'Z');

/**
 * The parameters of a request for data.
 * @param {State} state
 * @param {number} buckets
 */
export function toQuery(state, buckets) {
  const q = choices(new URLSearchParams(), state);
  q.set('buckets', String(buckets));
  const to = state.to ?? Date.now() / 1000;
  q.set('offset', offsets(state.utc, to - Math.max(span(state), 7 * 86400), to)); // some panels show a week if the range is shorter
  return q;
}

/**
 * The state with twice the time range. It keeps its middle, or ends now.
 * @param {State} state
 * @param {number} now
 * @returns {State}
 */
export function zoomedOut(state, now) {
  if (state.range !== null) {
    const wide = Math.min(2 * span(state), maxSpanS);
    const wider = ranges.find((r) => (spanOf(r) ?? 0) >= wide);
    return { ...state, range: wider ?? `${Math.ceil(wide / 86400)}d` };
  }
  const wide = Math.min(2 * (state.to - state.from), maxSpanS), middle = (state.from + state.to) / 2;
  const to = Math.min(Math.round(middle + wide / 2), Math.max(Math.ceil(now), state.to));
  return { ...state, from: Math.round(to - wide), to };
}
