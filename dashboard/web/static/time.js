// Charts over time. They share one cursor. Dragging over a chart changes the time range of the whole page.
/* global echarts */

/** @import { Colours, Mark, Option, Panel, PanelData, Row, Value } from '../types.js' */

import { axisText, ChartCard, percentAxis, tip, tooltip, valueAxis } from './card.js';
import { faded, later } from './compare.js';
import { el, dot } from './dom.js';
import * as format from './format.js';
import { markSeries, marksAt, openMark } from './marks.js';
import { others, styleOf, stylesOf, valueColour } from './palette.js';
import { linear, logAxis, placed, scaleOf } from './scale.js';

const group = 'time';
const tooltipRows = 12;

/**
 * Whether the values may be on a logarithmic axis. The layers of a stack may not: their heights add up.
 * @param {Panel} panel
 */
const mayBeLog = (panel) => ['lines', 'fleet', 'hostrows', 'series'].includes(panel.kind);

/** A chart over time. A subclass overrides lines and tooltip. */
export class TimeChart extends ChartCard {
  hovered = false;
  /** @type {Mark[]} */
  #marks = [];
  /** @type {boolean | null} */
  #logChosen = null;
  #disposed = new AbortController();

  get comparable() { return true; }

  mount() {
    super.mount();
    this.chart.group = group;
    echarts.connect(group);
    this.body.addEventListener('pointerenter', (e) => {
      this.hovered = true;
      // Dragging with a mouse or pen selects a range. A finger scrolls the page.
      this.chart.dispatchAction({ type: 'takeGlobalCursor', key: 'brush',
        brushOption: { brushType: e.pointerType === 'touch' ? false : 'lineX', brushMode: 'single' } });
    });
    // A finger that is lifted leaves the chart too. Its tooltip stays until the next tap elsewhere.
    this.body.addEventListener('pointerleave', (e) => { if (e.pointerType !== 'touch') this.hovered = false; });
    document.addEventListener('pointerdown', (e) => {
      if (!this.hovered || (e.target instanceof Node && this.body.contains(e.target))) return;
      this.hovered = false;
      this.chart.dispatchAction({ type: 'hideTip' });
    }, { signal: this.#disposed.signal });
    this.chart.on('brushEnd', (/** @type {any} */ event) => {
      const [area] = event.areas;
      if (!this.hovered || !area) return;
      const [from, to] = area.coordRange.map((/** @type {number} */ ms) => ms / 1000);
      this.chart.dispatchAction({ type: 'brush', areas: [] });
      if (to > from) this.page.zoom(from, to);
    });
  }

  dispose() {
    this.#disposed.abort();
    super.dispose();
  }

  /**
   * Marks events and problems of the hosts that the chart shows.
   * @param {Mark[]} marks
   */
  mark(marks) {
    this.#marks = marks;
    this.redraw();
  }

  /**
   * The marks of the hosts that the chart shows.
   * @param {PanelData} data
   */
  #shown(data) {
    const hosts = data.has('host') ? new Set(data.column('host')) : null;
    return this.#marks.filter((m) => hosts === null || hosts.has(m.host));
  }

  /** @returns {[text: string, action: () => void][]} */
  menuItems() { return mayBeLog(this.panel) ? [['Linear or logarithmic scale', () => this.toggleScale()]] : []; }

  /** The viewer chooses the other scale. */
  toggleScale() {
    this.#logChosen = this.element.dataset.scale !== 'log';
    this.redraw();
  }

  /** @param {any} event */
  clicked(event) { openMark(event, this.page); }

  /**
   * The series of the chart.
   * @param {PanelData} _data
   * @param {Colours} _c
   * @returns {object[]}
   */
  lines(_data, _c) { return []; }

  /**
   * The content of the tooltip at a time.
   * @param {number} _t
   * @returns {string | HTMLElement}
   */
  tooltip(_t) { return ''; }

  /**
   * @param {PanelData} data
   * @param {Colours} c
   * @returns {Option}
   */
  option(data, c) {
    const unit = this.unit(this.panel.values[0]), before = this.#before(data);
    const earlierLines = before ? faded(this.lines(before, c)) : [], lines = this.lines(data, c); // the last call makes the legend
    const heights = [...this.heights(data), ...(before ? this.heights(before) : [])];
    const scale = mayBeLog(this.panel) && unit !== 'percent' ? scaleOf(heights, this.#logChosen) : linear;
    this.element.dataset.scale = scale.log ? 'log' : 'linear';
    const signed = this.panel.values.some((v) => v.below) ? heights.flatMap((v) => [v, v === null ? null : -v]) : heights;
    const axis = scale.log ? logAxis(scale, signed) : unit === 'percent' ? percentAxis(heights) : {};
    const yAxis = valueAxis(c, unit, (v) => format.axisLabel(v, unit), axis);
    return {
      grid: { left: 66, right: 20, top: 12, bottom: 26 }, // half of a label fits right of the plot
      xAxis: {
        type: 'time', min: data.from * 1000, max: data.to * 1000,
        axisLine: { show: false }, axisTick: { show: false }, splitLine: { show: false },
        axisLabel: {
          ...axisText(c), hideOverlap: true, margin: 10,
          formatter: { year: '{yyyy}', month: '{MMM} {yyyy}', day: '{MMM} {d}', hour: '{HH}:{mm}', minute: '{HH}:{mm}',
            second: '{HH}:{mm}:{ss}', millisecond: '{HH}:{mm}:{ss}', none: '{HH}:{mm}:{ss}' },
        },
        axisPointer: { lineStyle: { color: c.muted, type: 'solid', width: 1, opacity: 0.6 }, label: { show: false } },
      },
      yAxis: { ...yAxis, axisLabel: { ...axisText(c), hideOverlap: true, formatter: (/** @type {number} */ v) => format.axisLabel(scale.back(v), unit) } },
      // The charts that are not under the pointer show nothing.
      tooltip: tooltip(c, 'axis', (points) => (this.hovered && points.length ? this.#tip(data, points[0].axisValue / 1000) : ''),
        { axisPointer: { type: 'line', snap: false } }),
      brush: { xAxisIndex: 0, brushType: 'lineX', toolbox: [], brushStyle: { color: c.accent, opacity: 0.16, borderWidth: 0 },
        inBrush: {}, outOfBrush: {} },
      series: [...[...lines, ...earlierLines].map((s) => placed(s, scale)), markSeries(this.#shown(data), data, c)],
    };
  }

  /**
   * The earlier data as if it were of now, without names that the chart does not show.
   * @param {PanelData} data
   */
  #before(data) {
    if (!this.earlier) return null;
    const { data: past, shift } = this.earlier, by = this.panel.by ?? '';
    const names = data.has(by) ? new Set(data.column(by)) : null, all = past.column(by);
    return later(past, shift, (i) => names === null || names.has(all[i]));
  }

  /**
   * The earlier values at a time as a text. Those of many hosts would not fit.
   * @param {PanelData} data
   * @param {number} t
   */
  #earlierAt(data, t) {
    const before = this.#before(data), by = this.panel.by ?? '';
    if (!before || new Set(data.column(by)).size > 1) return [];
    const i = before.column('t').findIndex((at) => Math.abs(at - t) <= before.bucket_s / 2);
    if (i < 0) return [];
    const texts = this.panel.values.map((v) => format.value(before.column(v.column)[i], this.unit(v)));
    return [`${this.page.comparison()}: ${texts.join(', ')}`];
  }

  /**
   * The tooltip, with the earlier values and the marks at that time.
   * @param {PanelData} data
   * @param {number} t
   */
  #tip(data, t) {
    const content = this.tooltip(t), more = [...this.#earlierAt(data, t), ...marksAt(this.#shown(data), data, t)];
    if (content instanceof HTMLElement) content.append(...more.map((text) => el('div', { class: 'tip-more' }, text)));
    return content;
  }

  /**
   * The values that decide how high the axis is.
   * @param {PanelData} data
   */
  heights(data) {
    const { high } = this.panel.values[0];
    return [...this.panel.values.flatMap((v) => data.column(v.column)), ...(high && this.peaks(data) ? data.column(high) : [])];
  }

  /**
   * Whether the chart also draws the highest readings.
   * @param {PanelData} _data
   */
  peaks(_data) { return false; }

  /**
   * The rows nearest to t, one for each name: hosts take their samples at different times. A row is not shown if it is further away
   * than a bucket, or than the time between two samples.
   * @param {number} t
   * @returns {Row[]}
   */
  at(t) {
    if (!this.data) return [];
    const { data } = this, names = data.column(this.panel.by ?? ''), intervals = data.column('interval_s');
    /** @type {Map<any, [distance: number, i: number]>} */
    const near = new Map();
    data.column('t').forEach((time, i) => {
      const distance = Math.abs(time - t), best = near.get(names[i]);
      if (distance <= Math.max(data.bucket_s, intervals[i] ?? 0) + 0.001 && (!best || distance < best[0])) near.set(names[i], [distance, i]);
    });
    return [...near.values()].map(([, i]) => data.row(i));
  }
}

/**
 * A line of a chart. more.line changes its style, more.series all else.
 * @param {string} name
 * @param {(number | null)[][]} points
 * @param {string} colour
 * @param {{ line?: object, series?: object }} more
 */
export const line = (name, points, colour, more = {}) => ({
  name, type: 'line', data: points, connectNulls: false, showSymbol: points.length < 3, symbol: 'circle', symbolSize: 5,
  lineStyle: { color: colour, width: 1.6, ...more.line }, itemStyle: { color: colour }, triggerLineEvent: false, z: 2, ...more.series,
});

/** One line for each host or environment. */
export class Lines extends TimeChart {
  /** @type {Map<string, { colour: string, dash: string }>} */
  styles = new Map();

  get by() { return this.panel.by ?? 'host'; }

  /** Whether there are more hosts than the page lists above its charts. The card has the names of its lines then. */
  get large() { return this.by === 'host' && (this.data?.column('hosts')[0] ?? 0) > this.page.fewHosts; }

  /** The names that the page lists above its charts. */
  names() { return this.data && !this.large ? new Set(this.data.column(this.by)) : new Set(); }

  /** @param {PanelData} data */
  note(data) {
    const shown = new Set(data.column(this.by)).size, all = data.column('hosts')[0] ?? 0;
    const process = data.column('process')[0], of = all > shown ? `top ${shown} of ${all} hosts` : '';
    return this.by === 'host' ? [process, of].filter(Boolean).join(' · ') : '';
  }

  /** @param {string | null} host */
  highlight(host) { this.chart.dispatchAction(host ? { type: 'highlight', seriesName: host } : { type: 'downplay' }); }

  /**
   * @param {PanelData} data
   * @param {Colours} _c
   * @returns {object[]}
   */
  lines(data, _c) {
    const rowsOf = split(data, this.by), alone = rowsOf.size === 1;
    this.styles = stylesOf(rowsOf.keys(), this.by);
    /** @param {string} name */
    const colourOf = (name) => this.styles.get(name)?.colour ?? '';
    /** @type {[colour: string, text: string][]} */
    const named = this.by === 'host' && !this.large && !this.peaks(data) ? [] : [...rowsOf.keys()].map((name) => [colourOf(name), format.middle(name, 28)]);
    this.legend([...named, ...(this.peaks(data) ? peakLegend(colourOf([...rowsOf.keys()][0])) : [])]);
    /** @type {object[]} */
    const series = [];
    const [first] = this.panel.values;
    for (const [name, rows] of rowsOf) {
      const { colour, dash } = this.styles.get(name) ?? styleOf(name, this.by);
      for (const value of this.panel.values) {
        series.push(line(name, withGaps(data, rows, value.column, value.below), colour, {
          line: { width: alone ? 2 : 1.6, type: alone ? 'solid' : dash },
          series: { areaStyle: alone ? { color: colour, opacity: 0.14 } : undefined,
            emphasis: { focus: 'series', lineStyle: { width: 2.6 } }, blur: { lineStyle: { opacity: 0.15 } } },
        }));
      }
      if (this.peaks(data)) series.push(peakLine(data, rows, first, colour));
    }
    return series;
  }

  /** @param {PanelData} data */
  peaks(data) { return Boolean(this.panel.values[0].high) && new Set(data.column(this.by)).size === 1; }

  /**
   * Lists the highest lines first.
   * @param {number} t
   */
  tooltip(t) {
    const rows = this.at(t), values = this.panel.values, [first] = values, { high } = first;
    /** @param {Row} row */
    const total = (row) => values.reduce((sum, v) => sum + (row[v.column] ?? 0), 0);
    rows.sort((a, b) => total(b) - total(a));
    const body = tip(format.moment(t), rows.slice(0, tooltipRows).map((row) => [
      [dot(row[this.by] === others ? 'gray' : (this.styles.get(row[this.by]) ?? styleOf(row[this.by], this.by)).colour), row[this.by]], ...values.map((v) => format.value(row[v.column], v.unit)),
    ]), rows.length > tooltipRows ? `and ${rows.length - tooltipRows} more` : '');
    const table = /** @type {HTMLTableElement} */ (body.querySelector('table'));
    if (values.length > 1) {
      table.prepend(el('tr', {}, el('th'), ...values.map((v) => el('th', {}, v.label))));
    } else if (high && rows.some((r) => r[high] > r[first.column] + 0.05)) {
      [...table.rows].forEach((tr, i) => tr.append(el('td', { class: 'num dim' }, format.value(rows[i][high], first.unit))));
      table.prepend(el('tr', {}, el('th'), el('th', {}, 'mean'), el('th', {}, 'peak')));
    }
    return body;
  }
}

/** One layer for each name, the largest at the bottom. */
export class Layers extends Lines {
  get comparable() { return false; } // earlier layers would lie on those of now

  /**
   * A name without a row in a bucket counts as 0 there.
   * @param {number} t
   */
  at(t) { return super.at(t).filter((row) => Math.abs(row.t - t) < 0.001); }

  /** @param {PanelData} _data */
  peaks(_data) { return false; }

  /** @param {PanelData} data */
  heights(data) { return [...this.#sums(data).values()]; }

  /**
   * The sum of all layers at each time.
   * @param {PanelData} data
   */
  #sums(data) {
    /** @type {Map<number, number>} */
    const sums = new Map();
    const values = data.column(this.panel.values[0].column);
    data.column('t').forEach((t, i) => sums.set(t, (sums.get(t) ?? 0) + (values[i] ?? 0)));
    return sums;
  }

  /**
   * @param {PanelData} data
   * @param {Colours} c
   */
  lines(data, c) {
    const [value] = this.panel.values, times = [...this.#sums(data).keys()].sort((a, b) => a - b), values = data.column(value.column);
    const gap = Math.max(2.5 * data.bucket_s, 3.5 * (data.column('interval_s')[0] ?? 60));
    const layers = [...split(data, this.by)].map(([name, rows]) => {
      const at = new Map(rows.map((i) => [data.column('t')[i], values[i] ?? 0]));
      return { name, at, total: name === others ? -1 : [...at.values()].reduce((sum, v) => sum + v, 0) };
    }).sort((a, b) => b.total - a.total);
    this.styles = stylesOf(layers.map(({ name }) => name).filter((name) => name !== others), this.by, false);
    /** @param {string} name */
    const colourOf = (name) => this.styles.get(name)?.colour ?? c.muted;
    this.legend(layers.map(({ name }) => [colourOf(name), name]));
    return layers.map(({ name, at }) => {
      /** @type {(number | null)[][]} */
      const points = [];
      times.forEach((t, i) => {
        if (i > 0 && t - times[i - 1] > gap) points.push([(times[i - 1] + 1) * 1000, null]);
        points.push([t * 1000, at.get(t) ?? 0]);
      });
      return line(name, points, colourOf(name), {
        line: { width: 1 }, series: { stack: 'all', areaStyle: { color: colourOf(name), opacity: 0.55 }, emphasis: { focus: 'series' } },
      });
    });
  }
}

/** One line for each value. An area chart stacks them. */
export class Series extends TimeChart {
  get stacked() { return this.panel.kind === 'area'; }

  /** @param {PanelData} data */
  isEmpty(data) { return this.panel.values.every((v) => data.column(v.column).every((x) => x === null)); }

  /** @param {PanelData} data */
  heights(data) {
    if (!this.stacked) return super.heights(data);
    return data.column('t').map((_, i) => this.panel.values.reduce((sum, v) => sum + (data.column(v.column)[i] ?? 0), 0));
  }

  /** @param {PanelData} data */
  lines(data) {
    const values = this.panel.values, rows = data.column('t').map((_, i) => i), alone = values.length === 1;
    this.legend([...values.map((v, i) => /** @type {[string, string]} */ ([valueColour(i), v.label])), ...(this.peaks(data) ? peakLegend(valueColour(0)) : [])]);
    const series = values.map((v, i) => line(v.label, withGaps(data, rows, v.column, v.below), valueColour(i), {
      line: this.stacked ? { width: 1 } : {},
      series: this.stacked ? { stack: 'all', areaStyle: { color: valueColour(i), opacity: 0.55 } }
        : { areaStyle: alone ? { color: valueColour(i), opacity: 0.14 } : undefined },
    }));
    if (this.peaks(data)) series.push(peakLine(data, rows, values[0], valueColour(0)));
    return series;
  }

  /** @param {PanelData} _data */
  peaks(_data) { return !this.stacked && this.panel.values.length === 1 && Boolean(this.panel.values[0].high); }

  /** @param {number} t */
  tooltip(t) {
    const [row] = this.at(t);
    if (!row) return '';
    return tip(format.moment(t), this.panel.values.map((v, i) => [
      [dot(valueColour(i)), v.label], format.value(row[v.column], v.unit), ...(v.high ? [`peak ${format.value(row[v.high], v.unit)}`] : []),
    ]));
  }
}

/** A value, and the band of values that are usual for its host. */
export class Band extends TimeChart {
  get comparable() { return false; } // the band already is what was before

  /** @param {PanelData} data */
  note(data) { return data.column('host')[0] ?? ''; }

  /** @param {PanelData} data */
  heights(data) { return [...data.column('value'), ...data.column('high')]; }

  /**
   * @param {PanelData} data
   * @param {Colours} c
   */
  lines(data, c) {
    const rows = data.column('t').map((_, i) => i);
    const low = data.column('low'), high = data.column('high'), times = data.column('t');
    const outside = data.column('outside');
    /** @param {(i: number) => number | null} of */
    const points = (of) => times.map((t, i) => [t * 1000, of(i)]);
    this.legend([[c.accent, this.page.metric().label], [c.muted, 'median of the past'], [c.bad, 'outside of the band']]);
    const floor = this.unit(this.panel.values[0]) === 'percent' ? 0 : -Infinity;
    const bottom = low.map((v) => Math.max(v, floor));
    const edge = { lineStyle: { opacity: 0 }, itemStyle: { opacity: 0 }, symbol: 'none', silent: true, type: 'line', stackStrategy: 'all', z: 1 };
    return [
      { ...edge, name: 'low', stack: 'band', data: points((i) => bottom[i]) },
      { ...edge, name: 'high', stack: 'band', data: points((i) => high[i] - bottom[i]), areaStyle: { color: c.muted, opacity: 0.16 } },
      line('median', withGaps(data, rows, 'median'), c.muted, { line: { width: 1, type: 'dashed' } }),
      line('value', withGaps(data, rows, 'value'), c.accent, { line: { width: 1.8 } }),
      { name: 'outside', type: 'scatter', symbolSize: 8, itemStyle: { color: c.bad, borderColor: c.surface, borderWidth: 1 }, z: 4,
        data: points((i) => data.column('value')[i]).filter((_, i) => outside[i]) },
    ];
  }

  /** @param {number} t */
  tooltip(t) {
    const [row] = this.at(t);
    if (!row) return '';
    const unit = this.unit(this.panel.values[0]);
    return tip(format.moment(t), [
      [row.outside ? `${row.host}, outside` : row.host, format.value(row.value, unit)],
      ['usual', format.value(row.median, unit)],
      ['band', `${format.value(row.low, unit)} to ${format.value(row.high, unit)}`],
    ]);
  }
}

/**
 * The indices of the rows of each name.
 * @param {PanelData} data
 * @param {string} by
 */
export function split(data, by) {
  /** @type {Map<string, number[]>} */
  const rowsOf = new Map();
  data.column(by).forEach((name, i) => {
    const rows = rowsOf.get(name);
    if (rows) rows.push(i); else rowsOf.set(name, [i]);
  });
  return rowsOf;
}

/**
 * The points of a line, with a break if samples are missing between two of them.
 * @param {PanelData} data
 * @param {number[]} rows
 * @param {string | undefined} column
 */
export function withGaps(data, rows, column, below = false) {
  const times = data.column('t'), values = data.column(column), intervals = data.column('interval_s');
  const step = stepOf(data);
  /** @type {(number | null)[][]} */
  const points = [];
  /** @type {number | null} */
  let last = null;
  for (const i of rows) {
    const t = times[i];
    const gap = Math.max(2.5 * step, 3.5 * (intervals[i] ?? 3));
    if (last !== null && t - last > gap) points.push([(last + step) * 1000, null]);
    const v = values[i];
    points.push([t * 1000, v === null ? null : below ? -v : v]);
    last = t;
  }
  return points;
}

/**
 * The width of a bucket in seconds. Panels that compare a value with its past use coarser slots than the request has.
 * @param {PanelData} data
 */
const stepOf = (data) => Math.max(data.bucket_s, data.has('median') ? (data.to - data.from) / 60 : 0);

/**
 * The entry of the legend for the line of the highest readings.
 * @param {string} colour
 * @returns {[colour: string, text: string][]}
 */
const peakLegend = (colour) => [[colour, 'peak (dotted)']];

/**
 * A line of the highest reading in each bucket.
 * @param {PanelData} data
 * @param {number[]} rows
 * @param {Value} value
 * @param {string} colour
 */
function peakLine(data, rows, value, colour) {
  return line('peak', withGaps(data, rows, value.high), colour, {
    line: { width: 1, opacity: 0.45, type: 'dotted' }, series: { showSymbol: false, silent: true, z: 1 },
  });
}
