// Charts whose axes are not the time: bars, box plots, heat maps, points.

/** @import { Colours, Option, PanelData, Row, TipRow, Value } from '../types.js' */

import { ChartCard, axisText, nameAxis, percentAxis, timeLabels, tip, tooltip, valueAxis } from './card.js';
import { dot } from './dom.js';
import * as format from './format.js';
import { styleOf, valueColour } from './palette.js';
import { ramp } from './theme.js';
import { isPartial } from './zone.js';

const long = 22;

/**
 * The label of a host beside an axis. A name may be of any length.
 * @param {Colours} c
 */
const nameLabel = (c) => ({ ...axisText(c), color: c.text, formatter: (/** @type {string} */ name) => format.middle(name, 20) });

/**
 * Whether a name is that of a day which the range has only a part of.
 * @param {any} v
 * @param {string | undefined} by
 * @param {PanelData} data
 */
const partial = (v, by, data) => by === 'day' && isPartial(format.inUTC(), v, data);

/**
 * A name on an axis or above a tooltip. It says if the range has only a part of the day.
 * @param {any} v
 * @param {string | undefined} by
 * @param {PanelData} data
 */
const nameOf = (v, by, data) => format.dimension(v, by) + (partial(v, by, data) ? ' (part)' : '');

/** Groups of bars. Those of hosts are horizontal, all others vertical. */
export class Bars extends ChartCard {
  get horizontal() { return this.panel.by === 'host'; }

  get comparable() { return this.panel.by !== 'day'; } // the days of another time have other names

  /**
   * The earlier values of a column, in the order of the bars.
   * @param {PanelData} data
   * @param {string} column
   * @returns {any[]}
   */
  #before(data, column) {
    if (!this.earlier) return [];
    const { data: past } = this.earlier, by = this.panel.by ?? '', values = past.column(column);
    const of = new Map(past.column(by).map((name, i) => [name, values[i]]));
    return data.column(by).map((name) => of.get(name) ?? null);
  }

  /**
   * @param {PanelData} data
   * @param {Colours} c
   * @returns {Option}
   */
  option(data, c) {
    const { values, by, kind } = this.panel, unit = this.unit(values[0]), stacked = kind === 'stack';
    const names = data.column(by).map((v) => nameOf(v, by, data)), faint = data.column(by).map((v) => partial(v, by, data));
    this.legend(values.map((v, i) => [valueColour(i), v.label]));
    if (this.horizontal) this.rows(names.length, stacked || values.length === 1 ? long : 8 + 9 * values.length);
    const before = this.earlier ? values.map((v) => this.#before(data, v.column)) : [];
    const heights = stacked ? names.map((_, i) => values.reduce((s, v) => s + (data.column(v.column)[i] ?? 0), 0))
      : [...values.flatMap((v) => data.column(v.column)), ...before.flat()];
    const scale = valueAxis(c, unit, (v) => format.axisLabel(v, unit), unit === 'percent' ? percentAxis(heights) : { min: 0 });
    const axis = this.horizontal ? nameAxis(c, names, { inverse: true, axisLabel: nameLabel(c) })
      : nameAxis(c, names, { axisLabel: { ...axisText(c), hideOverlap: true } });
    return {
      grid: this.horizontal ? { left: 16, right: 22, top: 8, bottom: 8, containLabel: true } : { left: 62, right: 14, top: 12, bottom: 28 },
      xAxis: this.horizontal ? scale : axis, yAxis: this.horizontal ? axis : scale,
      tooltip: tooltip(c, 'axis', ([point]) => this.#tooltip(data, data.row(point.dataIndex), before.map((column) => column[point.dataIndex])),
        { axisPointer: { type: 'shadow', shadowStyle: { color: c.muted, opacity: 0.1 } } }),
      series: [...values.map((v, i) => ({
        name: v.label, type: 'bar', stack: stacked ? 'all' : undefined, barMaxWidth: this.horizontal ? 14 : 34, barGap: '10%',
        data: data.column(v.column).map((x, n) => (faint[n] ? { value: x, itemStyle: { opacity: 0.5 } } : x)), cursor: this.horizontal ? 'pointer' : 'default',
        itemStyle: { color: valueColour(i), borderRadius: stacked ? 0 : this.horizontal ? [0, 3, 3, 0] : [3, 3, 0, 0] },
      })), ...before.map((column, i) => ({
        name: `${values[i].label} (earlier)`, type: 'bar', stack: stacked ? 'earlier' : undefined, barMaxWidth: this.horizontal ? 8 : 20, silent: true,
        data: column, itemStyle: { color: valueColour(i), opacity: 0.35 },
      }))],
    };
  }

  /**
   * @param {PanelData} data
   * @param {Row} row
   * @param {any[]} before
   */
  #tooltip(data, row, before) {
    const { values, by = 'host' } = this.panel;
    /** @type {TipRow[]} */
    const rows = values.map((v, i) => [[dot(valueColour(i)), v.unit === 'metric' ? this.page.metric().label : v.label], format.value(row[v.column], this.unit(v))]);
    for (const v of values) if (v.high) rows.push(['highest hour of a host', format.value(row[v.high], this.unit(v))]);
    const text = before.map((v, i) => format.value(v, this.unit(values[i]))).join(', ');
    return tip(nameOf(row[by], by, data), rows, before.length > 0 ? `${this.page.comparison()}: ${text}` : '');
  }

  /** @param {any} e */
  clicked(e) { if (this.horizontal) this.page.openHost(this.data?.column('host')[e.dataIndex]); }
}

/** A horizontal box plot. */
export class Boxes extends ChartCard {
  /**
   * @param {PanelData} data
   * @param {Colours} c
   * @returns {Option}
   */
  option(data, c) {
    const { values, by } = this.panel, unit = values[0].unit;
    const names = data.column(by).map((v) => format.dimension(v, by));
    this.rows(names.length);
    return {
      grid: { left: 16, right: 22, top: 8, bottom: 8, containLabel: true },
      xAxis: valueAxis(c, unit, (v) => format.axisLabel(v, unit), percentAxis(data.column(values[4].column))),
      yAxis: nameAxis(c, names, { inverse: true, axisLabel: nameLabel(c) }),
      tooltip: tooltip(c, 'item', ({ dataIndex: i }) => tip(names[i],
        [...values].reverse().map((v) => [v.label, format.value(data.column(v.column)[i], unit)]))),
      series: [{
        type: 'boxplot', boxWidth: [5, 12], cursor: 'pointer', data: names.map((_, i) => values.map((v) => data.column(v.column)[i])),
        itemStyle: { color: `${c.accent}33`, borderColor: c.accent, borderWidth: 1.3 },
        emphasis: { itemStyle: { borderWidth: 2, shadowBlur: 0 } },
      }],
    };
  }

  /** @param {any} e */
  clicked(e) { this.page.openHost(this.data?.column('host')[e.dataIndex]); }
}

/** Cells coloured by a value. */
export class HeatMap extends ChartCard {
  /**
   * @param {PanelData} data
   * @param {Colours} c
   * @returns {Option}
   */
  option(data, c) {
    const { by, across, values: [value] } = this.panel, unit = this.unit(value);
    const xs = across === 'hour' ? Array.from({ length: 24 }, (_, i) => i) : [...new Set(data.column(across))].sort((a, b) => a - b);
    const ys = by === 'weekday' ? [0, 1, 2, 3, 4, 5, 6] : [...new Set(data.column(by))];
    const x = new Map(xs.map((v, i) => [v, i])), y = new Map(ys.map((v, i) => [v, i]));
    const cells = data.column(value.column).map((v, i) => [x.get(data.column(across)[i]), y.get(data.column(by)[i]), v])
      .filter(([, , v]) => v !== null);
    const heights = cells.map((cell) => cell[2]);
    // The scale ends at the 98th percentile: a few extreme cells would leave all others in one colour.
    const sorted = [...heights].sort((a, b) => a - b), high = sorted[Math.floor(0.98 * (sorted.length - 1))];
    const limits = value.thresholds ? [0, value.thresholds.critical] : [sorted[0], high];
    const beyond = sorted.at(-1) > 1.02 * limits[1] ? '≥ ' : '';
    this.rows(ys.length, by === 'host' ? 17 : long);
    return {
      grid: { left: 16, right: 82, top: 8, bottom: 8, containLabel: true },
      xAxis: nameAxis(c, xs.map((v) => format.dimension(v, across)), { axisLine: { show: false },
        axisLabel: { ...axisText(c), hideOverlap: true, ...(across === 't' ? timeLabels(xs) : { interval: across === 'hour' ? 2 : 'auto' }) } }),
      yAxis: nameAxis(c, ys.map((v) => nameOf(v, by, data)), { inverse: true, axisLine: { show: false },
        axisLabel: by === 'host' ? nameLabel(c) : { ...axisText(c), color: c.text } }),
      visualMap: {
        type: 'continuous', min: limits[0], max: limits[1] > limits[0] ? limits[1] : limits[0] + 1, right: 2, top: 'middle', orient: 'vertical',
        itemWidth: 8, itemHeight: 130, calculable: false, textStyle: axisText(c), dimension: 2,
        text: [beyond + format.axisLabel(limits[1], unit), format.axisLabel(limits[0], unit)],
        inRange: { color: ramp(c, value.thresholds, limits[0], limits[1]) },
      },
      tooltip: tooltip(c, 'item', ({ value: [i, j, v] }) => this.#tooltip(data, xs[i], ys[j], v)),
      series: [{
        type: 'heatmap', data: cells, itemStyle: { borderColor: c.surface, borderWidth: xs.length > 60 ? 0.4 : 1.5, borderRadius: 2 },
        emphasis: { itemStyle: { borderColor: c.text, borderWidth: 1 } }, cursor: by === 'host' ? 'pointer' : 'default', progressive: 0,
      }],
    };
  }

  /**
   * @param {PanelData} data
   * @param {any} x
   * @param {any} y
   * @param {number} v
   */
  #tooltip(data, x, y, v) {
    const { by, across, values: [value] } = this.panel, unit = this.unit(value);
    /** @type {TipRow[]} */
    const rows = [[value.unit === 'metric' ? this.page.metric().label : value.label, format.value(v, unit)]];
    const i = data.column(by).findIndex((name, n) => name === y && data.column(across)[n] === x);
    if (value.high) rows.push(['highest hour of a host', format.value(data.column(value.high)[i], unit)]);
    if (data.has('median')) {
      const of = this.page.metric();
      rows.push([of.label, format.value(data.column('value')[i], of.unit)], ['usual', format.value(data.column('median')[i], of.unit)]);
    }
    return tip(`${nameOf(y, by, data)}, ${format.dimension(x, across)}`, rows);
  }

  /** @param {any} e */
  clicked(e) {
    if (this.panel.by !== 'host') return;
    this.page.openHost([...new Set(this.data?.column('host'))][e.value[1]]);
  }
}

/**
 * One point of a Scatter: its name, and how far it is to the right and up.
 * @typedef {{ name: string, value: [number, number], label?: { show: boolean, position: string } }} Point
 */

/** A point for each host. */
export class Scatter extends ChartCard {
  /**
   * @param {PanelData} data
   * @param {Colours} c
   * @returns {Option}
   */
  option(data, c) {
    const { by = 'host', group, values: [right, up] } = this.panel;
    /** @type {Map<string, Point[]>} */
    const groups = new Map();
    data.list().forEach((row) => {
      if (row[right.column] === null || row[up.column] === null) return;
      const name = group ? row[group] : '';
      /** @type {Point} */
      const point = { name: row[by], value: [row[right.column], row[up.column]] };
      const points = groups.get(name);
      if (points) points.push(point); else groups.set(name, [point]);
    });
    this.legend([...groups.keys()].map((name) => [styleOf(name, group).colour, name]));
    const named = outermost([...groups.values()].flat()), reach = Math.max(...named.map((p) => p.value[0]), 1e-9);
    for (const point of named) {
      const part = point.value[0] / reach;
      point.label = { show: true, position: part > 0.7 ? 'left' : part < 0.15 ? 'right' : 'top' }; // a long name stays within the chart
    }
    /** @param {Value} v */
    const axis = (v) => valueAxis(c, v.unit, (x) => format.axisLabel(x, v.unit), {
      name: v.label, nameLocation: 'middle', nameTextStyle: axisText(c), ...(v.unit === 'percent' ? percentAxis(data.column(v.column)) : { min: 0 }),
    });
    return {
      grid: { left: 76, right: 20, top: 14, bottom: 46 },
      xAxis: { ...axis(right), nameGap: 26 }, yAxis: { ...axis(up), nameGap: 52 },
      tooltip: tooltip(c, 'item', ({ data: { name, value } }) => tip(name, [right, up].map((v, i) => [v.label, format.value(value[i], v.unit)]))),
      series: [...groups].map(([name, points]) => ({
        name, type: 'scatter', data: points, symbolSize: 11, cursor: 'pointer',
        itemStyle: { color: styleOf(name, group).colour, opacity: 0.8, borderColor: c.surface, borderWidth: 1 },
        label: { show: false, position: 'top', distance: 4, formatter: (/** @type {any} */ p) => format.middle(p.name, 20), color: c.muted, fontSize: 10.5 },
        labelLayout: { hideOverlap: true },
        emphasis: { scale: 1.4, label: { show: true, color: c.text } },
      })),
    };
  }

  /** @param {any} e */
  clicked(e) { this.page.openHost(e.data.name); }
}

/**
 * The outermost points, which get a label. If all points had one, the labels would cover each other.
 * @param {Point[]} points
 */
function outermost(points) {
  /** @param {number} i */
  const along = (i) => [...points].sort((a, b) => b.value[i] - a.value[i]);
  /** @type {Point[]} */
  const named = [];
  const reach = [0, 1].map((i) => Math.max(...points.map((p) => p.value[i]), 1e-9));
  for (const p of [...along(0).slice(0, 3), ...along(1).slice(0, 3), ...along(0).slice(-1), ...along(1).slice(-1)]) {
    const apart = named.every((n) => Math.abs(n.value[0] - p.value[0]) / reach[0] > 0.12 || Math.abs(n.value[1] - p.value[1]) / reach[1] > 0.09);
    if (apart) named.push(p);
  }
  return named;
}
