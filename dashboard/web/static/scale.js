// The scale of a value axis: linear, or logarithmic if the values span decades.

/**
 * A scale turns a value into its place on the axis, and back.
 * @typedef {{ log: boolean, to: (v: any) => any, back: (v: number) => number }} Scale
 */

/** @type {Scale} */
export const linear = { log: false, to: (v) => v, back: (v) => v };

/**
 * A logarithmic scale that also has zero and negative values: from -least to least it is linear, beyond each decade is as high as
 * the one before.
 * @param {number} least is a power of ten
 * @returns {Scale}
 */
function logarithmic(least) {
  return {
    log: true,
    to: (v) => (v === null || v === undefined ? v : Math.sign(v) * (Math.abs(v) <= least ? Math.abs(v) / least : 1 + Math.log10(Math.abs(v) / least))),
    back: (v) => Math.sign(v) * (Math.abs(v) <= 1 ? Math.abs(v) * least : least * 10 ** (Math.abs(v) - 1)),
  };
}

const decades = 3;

/**
 * The scale for values. On a linear axis nothing could be read of most of them if they span three decades, from the 5th to the 95th
 * percentile.
 * @param {any[]} values
 * @param {boolean | null} chosen is what the viewer chose; null leaves it to the values
 */
export function scaleOf(values, chosen) {
  const sizes = values.filter((v) => typeof v === 'number' && v !== 0).map(Math.abs).sort((a, b) => a - b);
  if (sizes.length === 0 || chosen === false) return linear;
  const low = sizes[Math.floor(0.05 * (sizes.length - 1))], high = sizes[Math.floor(0.95 * (sizes.length - 1))];
  if (chosen === null && (sizes.length < 10 || high / low < 10 ** decades)) return linear;
  return logarithmic(10 ** Math.floor(Math.log10(low)));
}

/**
 * The settings of a logarithmic axis: a line at each power of ten, or at some of them.
 * @param {Scale} scale
 * @param {any[]} values
 */
export function logAxis(scale, values) {
  const places = values.filter((v) => typeof v === 'number').map((v) => scale.to(v));
  const top = Math.ceil(Math.max(0, ...places) - 1e-9), bottom = Math.floor(Math.min(0, ...places) + 1e-9);
  return { min: bottom, max: Math.max(top, bottom + 1), interval: Math.max(1, Math.ceil((top - bottom) / 8)) };
}

/**
 * Points of a series at their places.
 * @param {any} series
 * @param {Scale} scale
 */
export const placed = (series, scale) => (scale.log && Array.isArray(series.data)
  ? { ...series, data: series.data.map((/** @type {[number, any]} */ [t, v]) => [t, scale.to(v)]) } : series);
