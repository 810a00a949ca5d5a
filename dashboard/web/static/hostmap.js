// The map of the fleet: a cell for each host. A click on a cell opens the page of its host.

/** @import { PanelData, Row, Value } from '../types.js' */
/** @import { Block, Cell, Layout } from './mapcells.js' */

import { Card, tip } from './card.js';
import { el } from './dom.js';
import * as format from './format.js';
import { Cells, cellSize } from './mapcells.js';
import { byName, labelsOf, longSilent, tagKeys, tagOf } from './hosts.js';
import { colours, ramp, shade } from './theme.js';

/** How many groups have a block of their own. The hosts of all further groups are in one block. */
const mostGroups = 24;

/** States from the best to the worst, with their names. */
const states = /** @type {const} */ ([['ok', 'without problems'], ['warn', 'with a warning'], ['bad', 'critical'], ['silent', 'silent']]);
/** @typedef {'ok' | 'warn' | 'bad' | 'silent' | 'unknown'} HostState */

/** What the viewer chose, as the address has it. */
const defaults = { colour: 'state', group: '', sort: 'worst' };

export class HostMap extends Card {
  #cells = new Cells({ open: (cell) => this.page.openHost(cell.host, cell.row.silent ? cell.row.last_ts : undefined),
    link: (cell) => this.page.linkToHost(cell.host), describe: (cell) => this.#describe(cell), tip: (cell) => this.#tip(cell) });
  #counts = el('p', { class: 'map-counts' });
  /** @type {Record<'colour' | 'group' | 'sort', HTMLSelectElement>} */
  #selects;
  /** The problems of each host; null until they are known. @type {Map<string, Row[]> | null} */
  #problems = null;
  /** All hosts, with the times of their first and last samples. @type {Row[]} */
  #inventory = [];
  #observer = new ResizeObserver(() => this.redraw());

  mount() {
    /** @param {'colour' | 'group' | 'sort'} name @param {string} label */
    const choice = (name, label) => {
      const select = el('select', { 'data-map': name, onchange: () => this.page.chooseMap(this.#chosen()) });
      return /** @type {const} */ ([select, el('label', {}, label, select)]);
    };
    const made = { colour: choice('colour', 'Colour'), group: choice('group', 'Group'), sort: choice('sort', 'Sort') };
    this.#selects = { colour: made.colour[0], group: made.group[0], sort: made.sort[0] };
    this.body.append(el('div', { class: 'map-head' }, this.#counts, el('div', { class: 'map-choices' }, ...Object.values(made).map(([, label]) => label))),
      this.#cells.element);
    this.#observer.observe(this.body);
  }

  dispose() {
    this.#observer.disconnect();
    this.#cells.dispose();
  }

  /**
   * One host needs no map.
   * @param {PanelData} data
   */
  isEmpty(data) { return data.rows < 2; }

  /**
   * Tells which problems hosts have.
   * @param {Row[]} rows
   */
  know(rows) {
    this.#problems = new Map();
    for (const row of rows) {
      const list = this.#problems.get(row.host);
      if (list) list.push(row); else this.#problems.set(row.host, [row]);
    }
    this.redraw();
  }

  /**
   * Adds the hosts that are silent for longer than the panel looks back.
   * @param {Row[]} rows are all hosts, with the times of their first and last samples
   */
  knowHosts(rows) {
    this.#inventory = rows;
    this.redraw();
  }

  /** The choices as a text for the address; empty if all are the defaults. */
  #chosen() {
    const { colour, group, sort } = this.#selects, chosen = [colour.value, group.value, sort.value].join('.');
    return chosen === Object.values(defaults).join('.') ? '' : chosen;
  }

  get #choices() {
    const parts = this.page.map.split('.');
    return parts.length < 3 ? defaults : { colour: parts[0], group: parts.slice(1, -1).join('.'), sort: parts[parts.length - 1] };
  }

  /**
   * @param {Row} row
   * @returns {HostState}
   */
  #stateOf(row) {
    if (row.silent) return 'silent';
    if (!this.#problems) return 'unknown';
    const worst = Math.max(0, ...(this.#problems.get(row.host) ?? []).filter((p) => !p.muted_until).map((p) => p.severity));
    return worst > 1 ? 'bad' : worst > 0 ? 'warn' : 'ok';
  }

  redraw() {
    if (!this.data || this.isEmpty(this.data) || this.body.clientWidth === 0) return;
    const seen = this.data.list();
    /** @type {Row[]} */
    const rows = [...seen, ...longSilent(this.#inventory, seen, this.data.to).map((r) => (/** @type {Row} */ ({ ...r, node_role: r.role, silent: true })))];
    const chosen = this.#choices, value = this.panel.values.find((v) => v.column === chosen.colour);
    this.#offer(rows, chosen);
    const c = colours(), scale = value ? scaleOf(rows, value) : null, shades = scale ? ramp(c, value?.thresholds, scale.low, scale.high) : [];
    /** @type {Cell[]} */
    const cells = rows.map((row) => {
      const state = this.#stateOf(row), v = value ? row[value.column] ?? null : null;
      const part = scale && v !== null ? Math.min(1, Math.max(0, (v - scale.low) / (scale.high - scale.low))) : null;
      const fill = !value ? { ok: c.mapOk, warn: c.warn, bad: c.bad, silent: 'none', unknown: c.line }[state]
        : row.silent ? 'none' : part === null ? c.line : shade(shades, part);
      return { host: row.host, row, state, value: v, fill };
    });
    /** @type {Record<string, number>} */
    const severity = { silent: 3, bad: 2, warn: 1, ok: 0, unknown: 0 };
    /** @type {Record<string, (a: Cell, b: Cell) => number>} */
    const orders = {
      worst: (a, b) => severity[b.state] - severity[a.state] || (b.value ?? -1) - (a.value ?? -1) || byName(a.host, b.host),
      value: (a, b) => (b.value ?? -1) - (a.value ?? -1) || severity[b.state] - severity[a.state] || byName(a.host, b.host),
      name: (a, b) => byName(a.host, b.host),
    };
    cells.sort(orders[chosen.sort] ?? orders.worst);
    /** @type {Layout} */
    const layout = { blocks: blocksOf(cells, chosen.group), size: cellSize(cells.length, this.body.clientWidth - 36), width: this.body.clientWidth - 36, colours: c };
    this.#cells.show(layout);
    this.element.dataset.cells = String(cells.length);
    this.#count(cells, value, scale, shades);
  }

  /**
   * Fills the lists to choose from.
   * @param {Row[]} rows
   * @param {{ colour: string, group: string, sort: string }} chosen
   */
  #offer(rows, chosen) {
    const tags = tagKeys(rows);
    const groups = [['', 'Nothing'], ['env', 'Environment'], ['node_role', 'Role'], ...tags.map((key) => [`tag:${key}`, `Tag ${key}`])];
    options(this.#selects.colour, [['state', 'State'], ...this.panel.values.map((v) => [v.column, v.label])], chosen.colour);
    options(this.#selects.group, groups, chosen.group);
    options(this.#selects.sort, [['worst', 'Worst first'], ['value', 'Highest first'], ['name', 'Name']], chosen.sort);
  }

  /**
   * Says how many hosts have which state, or what the colours mean.
   * @param {Cell[]} cells
   * @param {Value | undefined} value
   * @param {{ low: number, high: number } | null} scale
   * @param {string[]} shades
   */
  #count(cells, value, scale, shades) {
    const counts = states.map(([state, name]) => /** @type {const} */ ([state, name, cells.filter((x) => x.state === state).length]));
    const known = this.#problems !== null;
    this.#counts.replaceChildren(...counts.filter(([state, , n]) => n > 0 && (known || state === 'silent')).reverse()
      .map(([state, name, n]) => el('span', { 'data-state': state }, el('i', { class: `map-key ${state}`, 'aria-hidden': 'true' }), `${n.toLocaleString('en')} ${name}`)));
    if (value && scale) {
      const bar = el('i', { class: 'map-ramp', 'aria-hidden': 'true' });
      bar.style.backgroundImage = `linear-gradient(90deg, ${shades.join(', ')})`;
      this.#counts.append(el('span', { class: 'map-scale' }, format.value(scale.low, value.unit), bar, format.value(scale.high, value.unit)));
    }
    this.#cells.name(`Map of ${cells.length.toLocaleString('en')} hosts: ${known ? counts.map(([, name, n]) => `${n} ${name}`).join(', ') : 'problems are not known yet'}. `
      + 'Arrow keys go from host to host, letters to a name, Enter opens a host.');
  }

  /**
   * What a screen reader says of a cell.
   * @param {Cell} cell
   */
  #describe({ host, row, state }) {
    const values = this.panel.values.filter((v) => (row[v.column] ?? null) !== null).map((v) => `${v.label} ${format.value(row[v.column], v.unit)}`);
    return [host, labelsOf(row), this.#trouble(row, state), ...values].filter(Boolean).join(', ');
  }

  /**
   * @param {Row} row
   * @param {string} state
   */
  #trouble(row, state) {
    if (state === 'silent') return `silent for ${format.age((this.data?.to ?? row.last_ts) - row.last_ts)}`;
    const problems = this.#problems?.get(row.host) ?? [];
    return problems.map((p) => (p.culprit ? `${p.problem}: ${p.culprit}` : p.problem)).join(', ');
  }

  /** @param {Cell} cell */
  #tip({ host, row, state }) {
    const trouble = this.#trouble(row, state);
    const body = tip('', this.panel.values.map((v) => [v.label, format.value(row[v.column] ?? null, v.unit)]), labelsOf(row));
    body.prepend(el('a', { class: 'tip-host', href: this.page.linkToHost(host), tabindex: '-1', onclick: (/** @type {MouseEvent} */ e) => {
      if (e.ctrlKey || e.metaKey || e.shiftKey) return;
      e.preventDefault();
      this.page.openHost(host, row.silent ? row.last_ts : undefined);
    } }, host), ...(trouble ? [el('p', { class: `tip-trouble ${state}` }, trouble)] : []));
    return body;
  }
}

/**
 * The values that have the first and the last colour. The scale of values without a threshold ends at the 98th percentile: a few
 * extreme hosts would leave all others in one colour.
 * @param {Row[]} rows
 * @param {Value} value
 */
function scaleOf(rows, value) {
  if (value.thresholds) return { low: 0, high: value.thresholds.critical };
  const sorted = rows.map((r) => r[value.column] ?? null).filter((v) => v !== null).sort((a, b) => a - b);
  return { low: 0, high: Math.max(sorted[Math.floor(0.98 * (sorted.length - 1))] ?? 1, 1) };
}

/**
 * The blocks of the groups. Those with the most severe states come first if the cells are in that order, for the order of the groups
 * is that of their first cells.
 * @param {Cell[]} cells
 * @param {string} group
 * @returns {Block[]}
 */
function blocksOf(cells, group) {
  if (group === '') return [{ title: '', cells }];
  /** @param {Row} row */
  const of = (row) => (group.startsWith('tag:') ? tagOf(row, group.slice(4)) : row[group]) ?? '(none)';
  /** @type {Map<string, Cell[]>} */
  const groups = new Map();
  for (const cell of cells) {
    const title = of(cell.row), list = groups.get(title);
    if (list) list.push(cell); else groups.set(title, [cell]);
  }
  const blocks = [...groups].map(([title, list]) => ({ title, cells: list }));
  if (blocks.length <= mostGroups) return blocks;
  const rest = blocks.splice(mostGroups - 1);
  return [...blocks, { title: `${rest.length} more`, cells: rest.flatMap((b) => b.cells) }];
}

/**
 * @param {HTMLSelectElement} select
 * @param {string[][]} list
 * @param {string} value
 */
function options(select, list, value) {
  if (select.options.length !== list.length || list.some(([v], i) => select.options[i].value !== v)) {
    select.replaceChildren(...list.map(([v, text]) => el('option', { value: v }, text)));
  }
  select.value = value;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
}
