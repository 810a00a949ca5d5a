// One dashboard: its panels, made from their definitions.

import * as api from './api.js';
import { Bars, Boxes, HeatMap, Scatter } from './category.js';
import { el, dot } from './dom.js';
import { Gauges } from './gauges.js';
import { styleOf } from './palette.js';
import { Table } from './table.js';
import { Tiles } from './tiles.js';
import { Band, Lines, Series } from './time.js';

const kinds = { lines: Lines, series: Series, area: Series, band: Band, bar: Bars, stack: Bars, box: Boxes, heatmap: HeatMap,
  scatter: Scatter, gauge: Gauges, table: Table };
const inTiles = ['stat', 'trend'];

export class View {
  #cards = []; #tiles = null; #legend;

  constructor(root, dashboard, page) {
    this.dashboard = dashboard;
    this.page = page;
    const tiles = dashboard.panels.filter((p) => inTiles.includes(p.kind));
    this.#legend = el('nav', { class: 'legend', id: 'legend', 'aria-label': 'Hosts', hidden: true });
    const grid = el('section', { class: 'grid', 'aria-label': dashboard.title });
    root.replaceChildren(this.#legend, grid);
    if (tiles.length > 0) {
      const section = el('section', { class: 'tiles', 'aria-label': 'Now' });
      root.prepend(section);
      this.#tiles = new Tiles(section, tiles, (host) => page.openHost(host));
    }
    for (const panel of dashboard.panels) {
      if (!kinds[panel.kind]) continue;
      const card = new kinds[panel.kind](panel, page);
      grid.append(card.element);
      this.#cards.push(card);
    }
    // Charts need their size, hence only now.
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

  /** How many points across are worth asking for. */
  get width() {
    const box = this.#cards.find((c) => c.box)?.box;
    return box?.clientWidth || 600;
  }

  /**
   * Asks for the data of all panels and shows it. into runs one request and shows its answer or its failure. begin starts
   * what decides about colours, after the numbers of now, which need none, and before the charts, which wait for it.
   */
  async load(query, signal, into, begin) {
    const one = (id) => api.panel(id, query, signal);
    let drawn = 0;
    const jobs = this.#tiles ? this.#tiles.jobs.map(([id, show]) => into(one(id), show)) : [];
    const ready = begin();
    const coloured = async (id) => {
      const data = await one(id);
      await ready;
      return data;
    };
    jobs.push(ready, ...this.#cards.map((card) => into(coloured(card.panel.id), (data) => {
      drawn += data.rows;
      card.show(data);
    }, (message) => card.fail(message))));
    await Promise.all(jobs);
    return drawn;
  }

  /** The hosts of all charts, to point at or to choose one. */
  showLegend(host) {
    const names = new Set();
    for (const c of this.#cards) if (c instanceof Lines && c.by === 'host') c.names().forEach((n) => names.add(n));
    this.#legend.hidden = names.size < 2;
    this.#legend.replaceChildren(...[...names].sort().map((name) => el('button', {
      type: 'button', class: 'chip', 'aria-pressed': String(name === host), title: `Show ${name} alone`,
      onclick: () => this.page.filter('host', name === host ? '' : name),
      onpointerenter: () => this.#cards.forEach((c) => c.highlight(name)), onpointerleave: () => this.#cards.forEach((c) => c.highlight(null)),
    }, dot(styleOf(name).colour), name)));
  }
}
