// What a chart shows of an earlier time beside its own.

/** @import { Compare, PanelData, State } from '../types.js' */

import { span } from './state.js';

const day = 86400;
/** @type {Record<Compare, string>} */
const names = { '': '', period: 'the period before', day: 'the day before', week: 'the week before' };

/** What can be compared with, as choices. */
export const comparisons = /** @type {[Compare, string][]} */ (Object.entries(names).filter(([id]) => id !== ''));

/** @param {Compare} compare */
export const nameOf = (compare) => names[compare];

/**
 * How many seconds the other time is earlier; 0 if the viewer compares with nothing.
 * @param {State} state
 */
export const shiftOf = (state) => ({ '': 0, period: span(state), day, week: 7 * day })[state.compare];

/**
 * The state of the earlier time. A range that ends now becomes one with a fixed end, in whole steps: so requests for it can share
 * an answer.
 * @param {State} state
 * @param {number} now
 * @returns {State}
 */
export function earlier(state, now) {
  const step = span(state) < 3600 ? 10 : 60, to = (state.to ?? Math.floor(now / step) * step) - shiftOf(state);
  return { ...state, range: null, from: to - span(state), to };
}

/**
 * Data as if it had been seconds later. Only the wanted rows are in it.
 * @param {PanelData} data
 * @param {number} seconds
 * @param {(i: number) => boolean} wanted
 * @returns {PanelData}
 */
export function later(data, seconds, wanted) {
  const rows = Array.from({ length: data.rows }, (_, i) => i).filter(wanted);
  return {
    ...data, from: data.from + seconds, to: data.to + seconds, rows: rows.length,
    row: (i) => data.row(rows[i]), list: () => rows.map((i) => data.row(i)),
    column: (name) => {
      const all = data.column(name);
      return all.length === 0 ? [] : rows.map((i) => (name === 't' ? all[i] + seconds : all[i]));
    },
  };
}

/**
 * Lines of a chart as those of the earlier time: thin and dashed, in the same colours.
 * @param {any[]} series
 */
export const faded = (series) => series.filter((s) => s.type === 'line' && s.name !== 'peak').map((s) => ({
  ...s, name: `${s.name} (earlier)`, stack: s.stack && 'earlier', areaStyle: undefined, showSymbol: false, silent: true, z: 1,
  emphasis: { disabled: true }, lineStyle: { ...s.lineStyle, type: [5, 4], width: 1.3, opacity: 0.6 },
}));
