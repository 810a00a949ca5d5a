// What all panels have in common: a card with title and question, a menu for SQL and downloads, and a text if there is no data.
/* global echarts */

/** @import { Chart, Colours, Option, Page, Panel, PanelData, TipRow, Value } from '../types.js' */

import { el, dot } from './dom.js';
import * as format from './format.js';
import { colours } from './theme.js';

export class Card {
  #note; #state; #legend;
  /** @type {PanelData | null} */
  #data = null;

  /**
   * @param {Panel} panel
   * @param {Page} page
   */
  constructor(panel, page) {
    this.panel = panel;
    this.page = page;
    this.#note = el('span', { class: 'note' });
    this.#legend = el('div', { class: 'card-legend', hidden: true });
    this.#state = el('div', { class: 'chart-state skeleton' });
    this.body = el('div', { class: 'card-body' });
    this.element = el('article', { class: `card panel w-${panel.width ?? 6} kind-${panel.kind}`, 'data-panel': panel.id,
      'aria-label': panel.title },
      el('div', { class: 'card-head' },
        el('div', {}, el('h2', {}, panel.title), el('p', { class: 'question' }, panel.question)),
        el('div', { class: 'card-side' }, this.#note, this.#menu())),
      this.#legend, el('div', { class: 'card-box' }, this.body, this.#state));
  }

  #menu() {
    const menu = el('details', { class: 'menu card-menu' });
    /**
     * @param {string} text
     * @param {() => void} action
     */
    const item = (text, action) => el('button', { type: 'button', onclick: () => { menu.open = false; action(); } }, text);
    menu.append(el('summary', { class: 'dots', title: 'Data of this panel', 'aria-label': `Data of ${this.panel.title}` }, '⋯'),
      el('div', { class: 'menu-panel menu-list' },
        item('Show SQL', () => this.page.showSQL(this.panel)),
        item('Download CSV', () => this.page.download(this.panel, 'csv')),
        item('Download JSON', () => this.page.download(this.panel, 'json')),
        ...this.menuItems().map(([text, action]) => item(text, action))));
    return menu;
  }

  get data() { return this.#data; }

  /** @param {PanelData} data */
  show(data) {
    this.#data = data;
    const empty = this.isEmpty(data);
    this.#state.className = `chart-state${empty && this.panel.empty ? ' good' : ''}`;
    this.#state.textContent = empty ? this.panel.empty ?? 'No data in this range' : '';
    this.element.hidden = empty && Boolean(this.panel.optional);
    this.element.classList.remove('stale');
    this.element.classList.toggle('no-data', empty);
    this.element.dataset.points = String(data.rows);
    this.#note.textContent = [this.note(data), source(data), short(this.panel, data)].filter(Boolean).join(' · ');
    this.redraw();
  }

  /** @param {string} message */
  fail(message) {
    this.element.hidden = false;
    this.element.classList.add('stale');
    this.#state.className = 'chart-state error';
    this.#state.textContent = message;
  }

  /**
   * Shows coloured names above the chart.
   * @param {[colour: string, text: string][]} items
   */
  legend(items) {
    this.#legend.hidden = items.length < 2;
    this.#legend.replaceChildren(...items.map(([colour, text]) => el('span', {}, dot(colour), text)));
  }

  /**
   * The unit of a value. Some values have the unit of the chosen metric.
   * @param {Value} value
   */
  unit(value) { return value.unit === 'metric' ? this.page.metric().unit : value.unit; }

  /**
   * Further items of the panel's menu.
   * @returns {[text: string, action: () => void][]}
   */
  menuItems() { return []; }
  /** Whether the panel can show earlier data beside its own. */
  get comparable() { return false; }
  /**
   * Shows earlier data beside the panel's own.
   * @param {PanelData | null} _data
   * @param {number} _shift is how many seconds earlier it is
   */
  compare(_data, _shift) {}
  /** Whether the panel has something to show. */
  get full() { return this.#data !== null && this.element.dataset.points !== '0' && !this.element.classList.contains('no-data'); }

  mount() {}
  redraw() {}
  dispose() {}
  /**
   * Whether there is nothing to show.
   * @param {PanelData} data
   */
  isEmpty(data) { return data.rows === 0; }
  /**
   * A short text beside the title.
   * @param {PanelData} _data
   */
  note(_data) { return ''; }
  /**
   * Emphasizes the line of a host, or none.
   * @param {string | null} _host
   */
  highlight(_host) {}
}

/**
 * What the rows are made of, if they are not samples of the whole range.
 * @param {PanelData} data
 */
function source(data) {
  const rows = data.rollup && { '1m': 'minute means', '1h': 'hourly means', '1d': 'daily means' }[data.rollup];
  const span = data.last_s ? `only the last ${format.age(data.last_s)}` : data.shown_s ? `the last ${format.age(data.shown_s)}` : '';
  return [span, rows].filter(Boolean).join(', ');
}

const day = 86400;
/**
 * How long a range must be to have each value of a dimension, or two of them to compare.
 * @type {Record<string, number>}
 */
const least = { hour: day, day: 2 * day, weekday: 7 * day };

/**
 * What says that a range is too short for its panel. An hour less is enough: a day on which daylight saving begins has 23.
 * @param {Panel} panel
 * @param {PanelData} data
 */
function short({ by = '', across = '' }, data) {
  const need = Math.max(least[by] ?? 0, least[across] ?? 0), has = data.shown_s ?? data.to - data.from;
  return has >= need - 3600 ? '' : `needs ${format.age(need)}, the range has ${format.age(has)}`;
}

/** A card with a chart. A subclass overrides option. */
export class ChartCard extends Card {
  box = el('div', { class: 'chart' });
  /** @type {{ data: PanelData, shift: number } | null} */
  earlier = null;
  /** @type {Chart} */
  chart;
  #observer = new ResizeObserver(() => this.chart.resize());

  mount() {
    this.body.append(this.box);
    this.chart = echarts.init(this.box, null, { renderer: 'canvas' });
    this.#observer.observe(this.box);
    this.chart.on('click', (e) => this.clicked(e));
  }

  /**
   * @param {PanelData | null} data
   * @param {number} shift
   */
  compare(data, shift) {
    if (!this.comparable || (data === null && this.earlier === null)) return;
    this.earlier = data && { data, shift };
    this.redraw();
  }

  dispose() {
    this.#observer.disconnect();
    this.chart.dispose();
  }

  redraw() {
    if (!this.data) return;
    const c = colours();
    this.chart.setOption({ ...frame(this.panel, c), ...this.option(this.data, c) }, { replaceMerge: ['series'] });
  }

  /**
   * What is special in the chart of this data. The frame adds what all charts have.
   * @param {PanelData} _data
   * @param {Colours} _c
   * @returns {Option}
   */
  option(_data, _c) { return {}; }

  /** @param {any} _event as ECharts describes the clicked part */
  clicked(_event) {}

  /**
   * Makes room for n rows.
   * @param {number} n
   * @param {number} each is the height of a row in pixels
   */
  rows(n, each = 22) { this.body.style.minHeight = `${Math.max(250, n * each + 46)}px`; }
}

/**
 * @param {Panel} panel
 * @param {Colours} c
 * @returns {Option}
 */
function frame(panel, c) {
  return {
    animation: false, useUTC: format.inUTC(),
    textStyle: { fontFamily: c.font },
    toolbox: { show: false },
    aria: { enabled: true, label: { description: `${panel.title}. ${panel.question}` } },
  };
}

/**
 * The tooltip of a chart.
 * @param {Colours} c
 * @param {'axis' | 'item'} trigger is what the pointer must be on
 * @param {(points: any) => string | HTMLElement} formatter makes the content, with tip
 */
export function tooltip(c, trigger, formatter, more = {}) {
  return {
    trigger, formatter, confine: true, transitionDuration: 0, className: 'tip', backgroundColor: c.surface, borderWidth: 0, padding: 0,
    extraCssText: 'box-shadow: none', ...more,
  };
}

/** @param {Colours} c */
export const axisText = (c) => ({ color: c.muted, fontSize: 11 });

/**
 * The axis of a value.
 * @param {Colours} c
 * @param {string} unit
 * @param {(v: number) => string} label
 */
export function valueAxis(c, unit, label, extra = {}) {
  return {
    type: 'value', axisLabel: { ...axisText(c), hideOverlap: true, formatter: label }, splitLine: { lineStyle: { color: c.line } },
    axisLine: { show: false }, axisTick: { show: false }, splitNumber: 4,
    minInterval: unit?.startsWith('bytes') ? 1 : 0, // parts of a byte would be labelled as the bytes beside them
    ...extra,
  };
}

/**
 * An axis with names.
 * @param {Colours} c
 * @param {string[]} names
 */
export function nameAxis(c, names, extra = {}) {
  return {
    type: 'category', data: names, axisLine: { lineStyle: { color: c.line } }, axisTick: { show: false },
    axisLabel: { ...axisText(c), color: c.text }, ...extra,
  };
}

const minute = 60, hour = 3600;
/** How far apart the labels of times may be. */
const labelSteps = [10, 30, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day];

/**
 * The labels of an axis whose names are times: a label is at a round time by the viewer's clock.
 * @param {number[]} times in Unix seconds, in order
 */
export function timeLabels(times) {
  const span = (times.at(-1) ?? 0) - times[0], slot = Math.min(...times.slice(1).map((t, i) => t - times[i]));
  const step = labelSteps.find((s) => s * 8 >= span && s % slot === 0) ?? 30 * day;
  /** @param {number} t */
  const place = (t) => Math.floor((t - (format.inUTC() ? 0 : new Date(t * 1000).getTimezoneOffset() * 60)) / step);
  return {
    showMinLabel: false, showMaxLabel: false,
    interval: (/** @type {number} */ i) => i > 0 && place(times[i]) !== place(times[i - 1]),
    formatter: (/** @type {string} */ _name, /** @type {number} */ i) => format.tick(times[i]),
  };
}

/**
 * An axis from 0 to a round number above the values, so that 3 % looks small and 95 % looks large.
 * @param {any[]} values
 */
export function percentAxis(values) {
  const highest = values.reduce((m, v) => Math.max(m, v ?? 0), 0);
  const max = [10, 20, 40, 60, 100].find((m) => highest <= m * 0.95) ?? 100;
  return { min: 0, max, interval: max / 4 };
}

/**
 * The content of a tooltip.
 * @param {string} heading
 * @param {TipRow[]} rows
 */
export function tip(heading, rows, more = '') {
  const table = el('table', {});
  for (const [first, ...cells] of rows) {
    table.append(el('tr', {}, el('td', {}, ...(Array.isArray(first) ? first : [first])), ...cells.map((c) => el('td', { class: 'num' }, c))));
  }
  return el('div', { class: 'tip-body' }, heading ? el('div', { class: 'tip-head' }, heading) : null, table,
    more ? el('div', { class: 'tip-more' }, more) : null);
}
