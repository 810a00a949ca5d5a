// A chart with one line for each host. Charts share their cursor; dragging over one zooms all, by way of the address.
/* global echarts */

import { el, dot } from './dom.js';
import * as format from './format.js';
import { styleOf } from './hosts-palette.js';
import { colours } from './theme.js';

const group = 'hosts';
const tooltipRows = 12;

export class LinesPanel {
  #panel; #chart; #data = null; #hovered = false; #note; #state; #body;

  /** onZoom gets the chosen times in seconds. */
  constructor(panel, onZoom) {
    this.#panel = panel;
    this.#note = el('span', { class: 'note' });
    this.#state = el('div', { class: 'chart-state skeleton' });
    this.#body = el('div', { class: 'chart' });
    this.element = el('article', { class: 'card', 'data-panel': panel.id },
      el('div', { class: 'card-head' },
        el('div', {}, el('h2', {}, panel.title), el('p', { class: 'question' }, panel.question)), this.#note),
      el('div', { class: 'chart-box' }, this.#body, this.#state));
    this.#body.addEventListener('pointerenter', (e) => {
      this.#hovered = true;
      // Dragging selects a range with a mouse or pen; a finger scrolls the page.
      this.#chart.dispatchAction({ type: 'takeGlobalCursor', key: 'brush',
        brushOption: { brushType: e.pointerType === 'touch' ? false : 'lineX', brushMode: 'single' } });
    });
    this.#body.addEventListener('pointerleave', () => { this.#hovered = false; });
    this.onZoom = onZoom;
  }

  /** To be called once the element is in the page: a chart needs its size. */
  mount() {
    this.#chart = echarts.init(this.#body, null, { renderer: 'canvas' });
    this.#chart.group = group;
    echarts.connect(group);
    new ResizeObserver(() => this.#chart.resize()).observe(this.#body);
    this.#chart.on('brushEnd', (event) => {
      const [area] = event.areas;
      if (!this.#hovered || !area) return;
      const [from, to] = area.coordRange.map((ms) => ms / 1000);
      this.#chart.dispatchAction({ type: 'brush', areas: [] });
      if (to > from) this.onZoom(from, to);
    });
    this.#chart.setOption(this.#frame());
  }

  /** How many points across are worth asking for. */
  get width() { return this.#body.clientWidth; }

  show(data) {
    this.#data = data;
    const hosts = new Set(data.column('host')), all = data.column('hosts')[0] ?? 0;
    this.#note.textContent = all > hosts.size ? `top ${hosts.size} of ${all} hosts` : '';
    this.#state.className = 'chart-state';
    this.#state.textContent = hosts.size === 0 ? 'No data in this range' : '';
    this.element.classList.remove('stale');
    this.element.dataset.points = String(data.rows);
    this.redraw();
    return hosts;
  }

  fail(message) {
    this.element.classList.add('stale');
    this.#state.className = 'chart-state error';
    this.#state.textContent = message;
  }

  redraw() {
    if (!this.#data) return;
    this.#chart.setOption({ ...this.#frame(), series: this.#series() }, { replaceMerge: ['series'] });
  }

  highlight(host) {
    this.#chart.dispatchAction(host ? { type: 'highlight', seriesName: host } : { type: 'downplay' });
  }

  #frame() {
    const c = colours(), unit = this.#panel.values[0].unit, data = this.#data;
    const text = { color: c.muted, fontSize: 11, fontFamily: 'inherit' };
    return {
      animation: false,
      aria: { enabled: true, label: { description: `${this.#panel.title} by host over time. ${this.#panel.question}` } },
      grid: { left: 66, right: 14, top: 12, bottom: 26 },
      xAxis: {
        type: 'time', min: data ? data.from * 1000 : undefined, max: data ? data.to * 1000 : undefined,
        axisLine: { show: false }, axisTick: { show: false }, splitLine: { show: false },
        axisLabel: {
          ...text, hideOverlap: true, margin: 10,
          formatter: { year: '{yyyy}', month: '{MMM} {yyyy}', day: '{MMM} {d}', hour: '{HH}:{mm}', minute: '{HH}:{mm}',
            second: '{HH}:{mm}:{ss}', millisecond: '{HH}:{mm}:{ss}', none: '{HH}:{mm}:{ss}' },
        },
        axisPointer: { lineStyle: { color: c.muted, type: 'solid', width: 1, opacity: 0.6 }, label: { show: false } },
      },
      yAxis: {
        type: 'value', splitNumber: 4, ...(unit === 'percent' ? percentAxis(data?.column(this.#panel.values[0].column)) : {}),
        axisLabel: { ...text, formatter: (v) => format.axisLabel(v, unit) },
        splitLine: { lineStyle: { color: c.line } }, axisLine: { show: false },
      },
      tooltip: {
        trigger: 'axis', confine: true, transitionDuration: 0, className: 'tip', backgroundColor: c.surface, borderWidth: 0, padding: 0,
        extraCssText: 'box-shadow: none', axisPointer: { type: 'line', snap: false }, formatter: (points) => this.#tooltip(points),
      },
      brush: { xAxisIndex: 0, brushType: 'lineX', toolbox: [], brushStyle: { color: c.accent, opacity: 0.16, borderWidth: 0 },
        inBrush: {}, outOfBrush: {} },
    };
  }

  #series() {
    const data = this.#data, byHost = split(data), alone = byHost.size === 1;
    const series = [];
    for (const [host, rows] of byHost) {
      const { colour, dash } = styleOf(host);
      for (const value of this.#panel.values) {
        const points = withGaps(data, rows, value);
        series.push({
          name: host, type: 'line', data: points, connectNulls: false,
          showSymbol: rows.length < 3, symbol: 'circle', symbolSize: 5,
          lineStyle: { color: colour, width: alone ? 2 : 1.6, type: alone ? 'solid' : dash }, itemStyle: { color: colour },
          areaStyle: alone ? { color: colour, opacity: 0.14 } : undefined,
          emphasis: { focus: 'series', lineStyle: { width: 2.6 } }, blur: { lineStyle: { opacity: 0.15 } },
          triggerLineEvent: false, z: 2,
        });
      }
      const [first] = this.#panel.values;
      if (alone && first.high) series.push(peakLine(data, rows, first, colour));
    }
    return series;
  }

  /** The rows of a tooltip, worst first, as elements. Nothing in the charts that are not under the pointer. */
  #tooltip(points) {
    if (!this.#hovered || !points.length) return '';
    const t = points[0].axisValue, data = this.#data;
    const hosts = data.column('host'), times = data.column('t');
    const rows = [];
    for (let i = 0; i < times.length; i++) if (Math.abs(times[i] * 1000 - t) < 1) rows.push(data.row(i));
    const [first] = this.#panel.values;
    const total = (row) => this.#panel.values.reduce((sum, v) => sum + (row[v.column] ?? 0), 0);
    rows.sort((a, b) => total(b) - total(a));
    const table = el('table', {});
    if (this.#panel.values.length > 1) {
      table.append(el('tr', {}, el('th'), ...this.#panel.values.map((v) => el('th', {}, v.label))));
    } else if (first.high && rows.some((r) => r[first.high] > r[first.column] + 0.05)) {
      table.append(el('tr', {}, el('th'), el('th', {}, 'mean'), el('th', {}, 'peak')));
    }
    const peaks = table.rows.length > 0 && this.#panel.values.length === 1;
    for (const row of rows.slice(0, tooltipRows)) {
      table.append(el('tr', {}, el('td', {}, dot(styleOf(row.host).colour), row.host),
        ...this.#panel.values.map((v) => el('td', { class: 'num' }, format.value(row[v.column], v.unit))),
        peaks ? el('td', { class: 'num dim' }, format.value(row[first.high], first.unit)) : null));
    }
    const shown = new Set(hosts).size;
    return el('div', { class: 'tip-body' }, el('div', { class: 'tip-head' }, format.moment(t / 1000)), table,
      rows.length > tooltipRows ? el('div', { class: 'tip-more' }, `and ${Math.min(shown, rows.length) - tooltipRows} more`) : null);
  }
}

/** From 0 up to a round number above the values, so that 3 % looks like little and 95 % like much. */
function percentAxis(values = []) {
  const highest = values.reduce((m, v) => Math.max(m, v ?? 0), 0);
  const max = [10, 20, 40, 60, 100].find((m) => highest <= m * 0.95) ?? 100;
  return { min: 0, max, interval: max / 4 };
}

/** The indices of each host's rows. */
function split(data) {
  const byHost = new Map();
  data.column('host').forEach((host, i) => {
    if (!byHost.has(host)) byHost.set(host, []);
    byHost.get(host).push(i);
  });
  return byHost;
}

/** Points of a line, with a break wherever samples are missing. */
function withGaps(data, rows, value) {
  const times = data.column('t'), values = data.column(value.column), intervals = data.column('interval_s');
  const points = [];
  let last = null;
  for (const i of rows) {
    const t = times[i];
    const gap = Math.max(2.5 * data.bucket_s, 3.5 * (intervals[i] ?? 3));
    if (last !== null && t - last > gap) points.push([(last + data.bucket_s) * 1000, null]);
    const v = values[i];
    points.push([t * 1000, v === null ? null : value.below ? -v : v]);
    last = t;
  }
  return points;
}

/** The highest single reading in each bucket, where one host is looked at. */
function peakLine(data, rows, value, colour) {
  return {
    name: 'peak', type: 'line', data: withGaps(data, rows, { column: value.high }), connectNulls: false, showSymbol: false, silent: true,
    lineStyle: { color: colour, width: 1, opacity: 0.45, type: 'dotted' }, itemStyle: { color: colour }, z: 1,
  };
}
