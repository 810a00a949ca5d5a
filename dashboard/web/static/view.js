// One dashboard. It makes a card or a tile from the definition of each panel.

/** @import { Card } from './card.js' */
/** @import { Dashboard, Into, Mark, Page, PanelData } from '../types.js' */

import * as api from './api.js';
import { ChartCard } from './card.js';
import { Bars, Boxes, HeatMap, Scatter } from './category.js';
import { el, dot } from './dom.js';
import { Fleet, HostRows } from './fleet.js';
import { Gauges } from './gauges.js';
import { Head } from './head.js';
import { HostMap } from './hostmap.js';
import { others, styleOf } from './palette.js';
import { Problems } from './problems.js';
import { Table } from './table.js';
import { Tiles } from './tiles.js';
import { Band, Layers, Lines, Series, TimeChart } from './time.js';

/** @type {Record<string, typeof Card>} */
const kinds = { head: Head, lines: Lines, fleet: Fleet, hostrows: HostRows, hostmap: HostMap, layers: Layers, series: Series, area: Series, band: Band, bar: Bars, stack: Bars, box: Boxes, heatmap: HeatMap,
  scatter: Scatter, gauge: Gauges, table: Table, problems: Problems };

export class View {
  #legend;
  /** @type {Card[]} */
  #cards = [];
  /** @type {Tiles | null} */
  #tiles = null;

  /**
   * @param {HTMLElement} root
   * @param {Dashboard} dashboard
   * @param {Page} page
   */
  constructor(root, dashboard, page) {
    this.dashboard = dashboard;
    this.page = page;
    this.#legend = el('nav', { class: 'legend', id: 'legend', 'aria-label': 'Hosts', hidden: true });
    const grid = el('section', { class: 'grid', 'aria-label': dashboard.title, 'data-of': dashboard.id });
    root.replaceChildren(this.#legend, grid);
    /** @param {string} id */
    const find = (id) => dashboard.panels.find((p) => p.id === id);
    const fleet = find('overview-fleet'), now = find('overview-now'), trend = find('overview-trend');
    if (fleet && now && trend) {
      const section = el('section', { class: 'tiles', 'aria-label': 'Now' });
      root.prepend(section);
      this.#tiles = new Tiles(section, { fleet, now, trend }, page);
    }
    for (const panel of dashboard.panels) {
      if (!kinds[panel.kind]) continue;
      const card = new kinds[panel.kind](panel, page);
      card.element.hidden = Boolean(panel.instead);
      grid.append(card.element);
      this.#cards.push(card);
    }
    // Charts take the size of their element, which it has only in the page.
    this.#tiles?.mount();
    this.#cards.forEach((c) => c.mount());
  }

  dispose() {
    this.#tiles?.dispose();
    this.#cards.forEach((c) => c.dispose());
  }

  redraw() {
    this.#tiles?.redraw();
    this.#cards.forEach((c) => c.redraw());
  }

  get #map() { return this.#cards.find((c) => c instanceof HostMap); }

  /** The width of a chart in pixels. More points than that cannot be seen. */
  get width() {
    const chart = this.#cards.find((c) => c instanceof ChartCard);
    return chart?.box.clientWidth || 600;
  }

  /**
   * Asks for the data of all panels and shows it. Returns how many rows the cards have.
   * @param {URLSearchParams} query
   * @param {AbortSignal} signal
   * @param {Into} into
   * @param {() => Promise<void>} loadChoices gives hosts their colours. It is called after the requests of the tiles, which
   *   have no host's colour, and before those of the cards, which wait for it.
   * @param {boolean} oneHost says whether a host is chosen
   */
  async load(query, signal, into, loadChoices, oneHost) {
    /** @param {string} id */
    const one = (id) => api.panel(id, query, signal);
    let drawn = 0;
    const jobs = this.#tiles ? this.#tiles.jobs.map(([id, show]) => into(one(id), show)) : [];
    const coloursReady = loadChoices();
    /** @param {string} id */
    const coloured = async (id) => {
      const data = await one(id);
      await coloursReady;
      return data;
    };
    /** @param {Card} card */
    const load = (card) => into(coloured(card.panel.id), (data) => {
      drawn += data.rows;
      for (const c of this.#cards) if (c === card || c.panel.answer_of === card.panel.id) c.show(data);
      if (card instanceof Problems) this.#map?.know(data.list());
    }, (message) => card.fail(message));
    const first = new Map(this.#cards.filter((c) => !c.panel.instead && !c.panel.answer_of).map((c) => [c.panel.id, load(c)]));
    // What a panel shows instead of another one is asked only if that one has no data, or shows only the end of the range.
    const instead = this.#cards.filter((c) => c.panel.instead).map(async (card) => {
      const other = this.#cards.find((c) => c.panel.id === card.panel.instead);
      await first.get(card.panel.instead ?? '');
      if (other?.full && !other.data?.last_s) card.element.hidden = true; else if (!signal.aborted) await load(card);
    });
    jobs.push(coloursReady, ...first.values(), ...instead, ...this.#loadMarks(one, into, oneHost));
    await Promise.all(jobs);
    const problems = this.#cards.find((c) => c instanceof Problems);
    // Last, because it reads far more than the others. The server keeps the answer.
    if (problems) {
      await into(one('filters-inventory'), (data) => {
        problems.know(data.list());
        this.#map?.knowHosts(data.list());
        this.#tiles?.know(data.list());
      });
    }
    return drawn;
  }

  /** The names of processes that the panels show. */
  processes() {
    return this.#cards.filter((c) => c.panel.by === 'process').flatMap((c) => c.data?.column('process') ?? []).filter((name) => name !== others);
  }

  /**
   * Asks for the earlier data of the charts that can show it, and shows it.
   * @param {URLSearchParams} query
   * @param {number} shift is how many seconds earlier the query is
   * @param {AbortSignal} signal
   * @param {Into} into
   */
  async compare(query, shift, signal, into) {
    await Promise.all(this.#cards.filter((c) => c.comparable && !c.element.hidden)
      .map((card) => into(api.panel(card.panel.id, query, signal), (data) => card.compare(data, shift))));
  }

  compareWithNothing() { this.#cards.forEach((c) => c.compare(null, 0)); }

  /**
   * Asks for the restarts, and for the problems of the chosen host, and marks them in the charts over time.
   * @param {(id: string) => Promise<PanelData>} one
   * @param {Into} into
   * @param {boolean} oneHost
   */
  #loadMarks(one, into, oneHost) {
    const charts = this.#cards.filter((c) => c instanceof TimeChart);
    if (charts.length === 0) return [];
    /** @type {Record<string, Mark[]>} */
    const found = {};
    return ['marks-restarts', ...(oneHost ? ['marks-problems'] : [])].map((id) => into(one(id), (data) => {
      found[id] = /** @type {Mark[]} */ (data.list());
      charts.forEach((c) => c.mark(Object.values(found).flat()));
    }));
  }

  /**
   * Lists the hosts of all charts if these are few. Pointing at one emphasizes its lines, a click chooses it.
   * @param {string} host is chosen now
   */
  showLegend(host) {
    /** @type {Set<string>} */
    const names = new Set();
    for (const c of this.#cards) if (c instanceof Lines && c.by === 'host') c.names().forEach((n) => names.add(n));
    this.#legend.hidden = names.size < 2 || names.size > this.page.fewHosts;
    this.#legend.replaceChildren(...(this.#legend.hidden ? [] : [...names]).sort().map((name) => el('button', {
      type: 'button', class: 'chip', 'aria-pressed': String(name === host), title: `Show ${name} alone`,
      onclick: () => this.page.filter('host', name === host ? '' : name),
      onpointerenter: () => this.#cards.forEach((c) => c.highlight(name)), onpointerleave: () => this.#cards.forEach((c) => c.highlight(null)),
    }, dot(styleOf(name).colour), name)));
  }
}
