// The tiles of the overview: each shows a number of now, and its trend as a small chart.
/* global echarts */

/** @import { Chart, Page, Panel, PanelData, Row, Value } from '../types.js' */

import { el, level } from './dom.js';
import * as format from './format.js';
import { colours } from './theme.js';
import { withGaps } from './time.js';

/**
 * One tile. Its number is that of the values of now, or their sum. Its chart is the trend.
 * @typedef {ReturnType<typeof tile> & { trend: Value, now: Value[], spark: HTMLElement, chart?: Chart }} Tile
 */

export class Tiles {
  #page; #fleet;
  /** @type {Tile[]} */
  #tiles = [];
  /** @type {PanelData | null} */
  #trend = null;
  /** @type {PanelData | null} */
  #counts = null;
  /** @type {Row[]} */
  #inventory = [];
  /** @type {ResizeObserver[]} */
  #observers = [];

  /**
   * There is one tile for each value of the trend, and one that counts the hosts.
   * @param {HTMLElement} root
   * @param {{ fleet: Panel, now: Panel, trend: Panel }} panels
   * @param {Page} page
   */
  constructor(root, { fleet, now, trend }, page) {
    this.#page = page;
    /** @type {[id: string, show: (data: PanelData) => void][]} */
    this.jobs = [[now.id, (data) => this.showNow(data)], [fleet.id, (data) => this.showFleet(data)], [trend.id, (data) => this.showTrend(data)]];
    this.#fleet = tile(fleet.title, 'fleet');
    root.append(this.#fleet.element);
    for (const value of trend.values) {
      const columns = value.sum ?? [value.column], spark = el('div', { class: 'spark', 'aria-hidden': 'true' });
      const t = { ...tile(value.label, value.column), trend: value, now: now.values.filter((v) => columns.includes(v.column)), spark };
      t.element.append(spark);
      root.append(t.element);
      this.#tiles.push(t);
    }
  }

  mount() {
    for (const t of this.#tiles) {
      const chart = echarts.init(t.spark, null, { renderer: 'canvas' });
      const observer = new ResizeObserver(() => chart.resize());
      observer.observe(t.spark);
      this.#observers.push(observer);
      t.chart = chart;
    }
  }

  dispose() {
    this.#observers.forEach((o) => o.disconnect());
    for (const t of this.#tiles) t.chart?.dispose();
  }

  /**
   * Counts the hosts that are silent for longer than the panel looks back.
   * @param {Row[]} rows are all hosts, with the times of their last samples
   */
  know(rows) {
    this.#inventory = rows;
    if (this.#counts) this.showFleet(this.#counts);
  }

  /** @param {PanelData} data */
  showFleet(data) {
    this.#counts = data;
    const gone = this.#inventory.filter((r) => r.last_ts < data.to - 86400).length, counted = data.row(0);
    const hosts = counted.hosts + gone, silent = counted.silent + gone;
    number(this.#fleet, format.value(hosts - silent, 'count'), hosts - silent === 1 && hosts === 1 ? 'host reporting' : 'reporting');
    this.#fleet.sub.replaceChildren(silent > 0
      ? el('span', { class: 'pill bad' }, `${silent} silent`)
      : el('span', { class: 'pill ok' }, hosts === 0 ? 'none yet' : 'all reporting'));
    this.#fleet.element.dataset.level = silent > 0 ? 'bad' : 'ok';
    this.#fleet.element.classList.remove('skeleton');
  }

  /** @param {PanelData} data */
  showNow(data) {
    const row = data.row(0);
    for (const t of this.#tiles) {
      t.element.classList.remove('skeleton');
      const known = t.now.map((v) => row[v.column]).filter((v) => v !== null);
      const total = known.length > 0 ? known.reduce((sum, v) => sum + v, 0) : null;
      number(t, ...format.parts(total, t.trend.unit));
      t.element.dataset.level = level(total, t.now[0].thresholds);
      t.sub.replaceChildren(...(total === null ? [] : this.#below(row, t)));
    }
    this.redraw();
  }

  /**
   * The line below a number: the parts of a sum, the host with the highest value, or what the number says.
   * @param {Row} row
   * @param {Tile} t
   */
  #below(row, t) {
    if (t.now.length > 1) return [t.now.map((v) => `${v.below ? '↑' : '↓'} ${format.value(row[v.column], v.unit)}`).join('  ')];
    const [v] = t.now, host = v.host && row[v.host];
    if (!host || row.hosts < 2) return [v.note ?? ''];
    return [v.high ? `highest ${format.value(row[v.high], v.unit)} on ` : 'on ',
      el('button', { class: 'link', type: 'button', title: host, onclick: () => this.#page.openHost(host) }, format.middle(format.withoutDomain(host)[0], 14))];
  }

  /** @param {PanelData} data */
  showTrend(data) {
    this.#trend = data;
    this.redraw();
  }

  redraw() {
    if (!this.#trend) return;
    const c = colours(), trend = this.#trend, { from, to } = trend, rows = trend.column('t').map((_, i) => i);
    for (const t of this.#tiles) {
      const colour = { ok: c.accent, warn: c.warn, bad: c.bad }[t.element.dataset.level ?? 'ok'];
      t.chart?.setOption({
        animation: false, grid: { left: 0, right: 0, top: 4, bottom: 0 },
        xAxis: { type: 'time', show: false, min: from * 1000, max: to * 1000 },
        yAxis: { type: 'value', show: false, min: 0, max: (/** @type {{ max: number }} */ e) => (e.max > 0 ? e.max * 1.15 : 1) },
        series: [{ type: 'line', silent: true, showSymbol: false, data: withGaps(trend, rows, t.trend.column), connectNulls: false,
          lineStyle: { width: 1.5, color: colour }, itemStyle: { color: colour }, areaStyle: { color: colour, opacity: 0.12 } }],
      });
    }
  }
}

/**
 * @param {string} label
 * @param {string} id
 */
function tile(label, id) {
  const value = el('span', { class: 'tile-value' }, '–'), unit = el('span', { class: 'tile-unit' }), sub = el('div', { class: 'tile-sub' });
  const element = el('article', { class: 'card tile skeleton', 'data-tile': id, 'data-level': 'ok' },
    el('h2', { class: 'tile-label' }, label), el('div', { class: 'tile-number' }, value, unit), sub);
  return { element, value, unit, sub };
}

/**
 * @param {{ value: HTMLElement, unit: HTMLElement }} t
 * @param {string} text
 * @param {string} unit
 */
function number(t, text, unit) {
  t.value.textContent = text;
  t.unit.textContent = unit;
}
