// The numbers of now, each with how it got there.
/* global echarts */

import { el, level } from './dom.js';
import * as format from './format.js';
import { colours } from './theme.js';

/** One tile: a value of the panel overview-now and the column of overview-trend that goes with it. */
const definitions = [
  { id: 'cpu', label: 'CPU', column: 'cpu_pct', trend: 'cpu_pct', top: ['cpu_host', 'cpu_max'] },
  { id: 'memory', label: 'Memory', column: 'ram_pct', trend: 'ram_pct', top: ['ram_host', 'ram_max'] },
  { id: 'disk', label: 'Busiest disk', column: 'disk_busy_pct', trend: 'disk_busy_pct', top: ['disk_host', null] },
  { id: 'network', label: 'Network', column: null, trend: 'net_total' },
];

export class Tiles {
  #tiles = new Map(); #now; #trend = null; #fleet; #observers = [];

  /** panels are those of the kinds stat and trend. */
  constructor(root, panels, onHost) {
    const find = (suffix) => panels.find((p) => p.id.endsWith(suffix));
    this.#now = find('-now');
    this.jobs = [[this.#now.id, (data) => this.showNow(data)], [find('-fleet').id, (data) => this.showFleet(data)],
      [find('-trend').id, (data) => this.showTrend(data)]];
    this.#fleet = tile('Hosts', 'fleet');
    root.append(this.#fleet.element);
    for (const d of definitions) {
      const t = tile(d.label, d.id);
      t.spark = el('div', { class: 'spark', 'aria-hidden': 'true' });
      t.element.append(t.spark);
      t.onHost = onHost;
      root.append(t.element);
      this.#tiles.set(d.id, { ...d, ...t });
    }
  }

  mount() {
    for (const t of this.#tiles.values()) {
      t.chart = echarts.init(t.spark, null, { renderer: 'canvas' });
      const observer = new ResizeObserver(() => t.chart.resize());
      observer.observe(t.spark);
      this.#observers.push(observer);
    }
  }

  dispose() {
    this.#observers.forEach((o) => o.disconnect());
    for (const t of this.#tiles.values()) t.chart?.dispose();
  }

  showFleet(data) {
    const { hosts, silent } = data.row(0);
    number(this.#fleet, format.value(hosts - silent, 'count'), hosts - silent === 1 && hosts === 1 ? 'host reporting' : 'reporting');
    this.#fleet.sub.replaceChildren(silent > 0
      ? el('span', { class: 'pill bad' }, `${silent} silent`)
      : el('span', { class: 'pill ok' }, hosts === 0 ? 'none yet' : 'all reporting'));
    this.#fleet.element.dataset.level = silent > 0 ? 'bad' : 'ok';
    this.#fleet.element.classList.remove('skeleton');
  }

  showNow(data) {
    const redraw = this.#trend !== null;
    const row = data.row(0), values = new Map(this.#now.values.map((v) => [v.column, v]));
    for (const t of this.#tiles.values()) {
      t.element.classList.remove('skeleton');
      if (t.id === 'network') {
        const sum = row.net_recv === null && row.net_sent === null ? null : (row.net_recv ?? 0) + (row.net_sent ?? 0);
        number(t, ...format.parts(sum, 'bytes_per_s'));
        t.sub.textContent = sum === null ? '' : `↓ ${format.value(row.net_recv, 'bytes_per_s')}  ↑ ${format.value(row.net_sent, 'bytes_per_s')}`;
        continue;
      }
      const v = values.get(t.column);
      number(t, ...format.parts(row[t.column], v.unit));
      t.element.dataset.level = level(row[t.column], v.thresholds);
      const [host, top] = t.top;
      t.sub.replaceChildren();
      if (row[host] !== null && row.hosts > 1) {
        t.sub.append(top ? `highest ${format.value(row[top], v.unit)} on ` : 'on ',
          el('button', { class: 'link', type: 'button', onclick: () => t.onHost(row[host]) }, row[host]));
      } else if (row[t.column] !== null) {
        t.sub.textContent = sentence(t.id);
      }
    }
    if (redraw) this.redraw();
  }

  showTrend(data) {
    this.#trend = data;
    this.redraw();
  }

  redraw() {
    if (!this.#trend) return;
    const c = colours(), times = this.#trend.column('t');
    for (const t of this.#tiles.values()) {
      const values = this.#trend.column(t.trend);
      const level = t.element.dataset.level;
      const colour = level === 'bad' ? c.bad : level === 'warn' ? c.warn : c.accent;
      t.chart.setOption({
        animation: false, grid: { left: 0, right: 0, top: 4, bottom: 0 },
        xAxis: { type: 'time', show: false, min: this.#trend.from * 1000, max: this.#trend.to * 1000 },
        yAxis: { type: 'value', show: false, min: 0, max: (e) => (e.max > 0 ? e.max * 1.15 : 1) },
        series: [{ type: 'line', silent: true, showSymbol: false, data: times.map((s, i) => [s * 1000, values[i]]),
          lineStyle: { width: 1.5, color: colour }, itemStyle: { color: colour }, areaStyle: { color: colour, opacity: 0.12 } }],
      });
    }
  }
}

const sentence = (id) => ({ cpu: 'of all cores', memory: 'in use', disk: 'time with I/O in flight' })[id] ?? '';

function tile(label, id) {
  const t = { value: el('span', { class: 'tile-value' }, '–'), unit: el('span', { class: 'tile-unit' }), sub: el('div', { class: 'tile-sub' }) };
  t.element = el('article', { class: 'card tile skeleton', 'data-tile': id, 'data-level': 'ok' },
    el('h2', { class: 'tile-label' }, label), el('div', { class: 'tile-number' }, t.value, t.unit), t.sub);
  return t;
}

function number(t, text, unit) {
  t.value.textContent = text;
  t.unit.textContent = unit;
}
