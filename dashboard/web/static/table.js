// A panel as a table. The viewer can sort it by any column. A long one has pages and a search over all of its rows.

/** @import { PanelData, Row, Value } from '../types.js' */

import { Card } from './card.js';
import { el, dot, level, nameOf } from './dom.js';
import * as format from './format.js';
import { labelsOf } from './hosts.js';
import { Pager } from './pager.js';
import { styleOf } from './palette.js';

/** @type {Record<string, string>} */
const heads = { host: 'Host', env: 'Environment', t: 'Time', tag: 'Tag', process: 'Process', mount: 'Mount', device: 'Disk', name: 'Name' };

/** How many rows a page has. */
const pageRows = 25;

export class Table extends Card {
  #head = el('tr');
  #body = el('tbody');
  /** @type {{ column: string, down: boolean } | null} */
  #sort = null;
  /** @type {Pager<Row>} */
  #pager;

  get by() { return this.panel.by ?? ''; }

  mount() {
    this.#head.append(this.#header(this.by, heads[this.by] ?? '', ''));
    for (const v of this.panel.values) this.#head.append(this.#header(v.column, v.label, ['time', 'text'].includes(v.unit) ? '' : 'num'));
    this.body.classList.add('table-scroll');
    this.body.tabIndex = 0;
    this.body.setAttribute('role', 'region');
    this.body.setAttribute('aria-label', this.panel.title);
    this.body.append(el('table', { class: 'data' }, el('thead', {}, this.#head), this.#body));
    this.#pager = new Pager(this.panel.title.toLowerCase(), pageRows, (row) => this.#searched(row), (rows) => this.#fill(rows));
    this.body.before(this.#pager.element);
  }

  /**
   * @param {string} column
   * @param {string} label
   * @param {'num' | ''} kind
   */
  #header(column, label, kind) {
    return el('th', { scope: 'col', class: `${kind} col-${column}`, 'data-column': column },
      el('button', { type: 'button', class: 'sort', onclick: () => this.#sortBy(column) }, label));
  }

  /** @param {string} column */
  #sortBy(column) {
    const down = this.#sort?.column === column ? !this.#sort.down : column !== this.panel.by;
    this.#sort = { column, down };
    this.#pager.first();
    this.redraw();
  }

  /** @param {PanelData} data */
  note(data) {
    if (!data.has('silent')) return '';
    const silent = data.column('silent').filter(Boolean).length;
    return data.rows === 0 ? '' : `${data.rows} in the last day${silent ? `, ${silent} silent` : ''}`;
  }

  redraw() {
    if (!this.data) return;
    const rows = this.data.list(), { column, down } = this.#sort ?? { column: this.data.has('silent') ? 'silent' : null, down: true };
    for (const th of this.#head.cells) {
      th.setAttribute('aria-sort', th.dataset.column === column ? (down ? 'descending' : 'ascending') : 'none');
    }
    if (column !== null) {
      /** @param {Row} row */
      const key = (row) => (column === 'silent' ? Number(row.silent) : row[column]);
      rows.sort((a, b) => compare(key(a), key(b), down ? -1 : 1) || compare(a[this.by], b[this.by], 1));
    }
    this.#pager.set(rows);
  }

  /**
   * What a search looks at: the name, the labels and all texts of a row.
   * @param {Row} row
   */
  #searched(row) {
    return [format.dimension(row[this.by], this.by), labelsOf(row), row.tags ?? '', ...this.panel.values.filter((v) => v.unit === 'text').map((v) => row[v.column] ?? '')].join(' ');
  }

  /** @param {Row[]} rows are those of a page */
  #fill(rows) {
    // Making the rows anew must not take the focus from a button in one of them.
    const focused = this.#body.contains(document.activeElement) ? document.activeElement?.closest('tr')?.dataset.name : undefined;
    this.#body.replaceChildren(...rows.map((row) => this.#row(row)));
    if (focused !== undefined) [...this.#body.rows].find((r) => r.dataset.name === focused)?.querySelector('button')?.focus({ preventScroll: true });
  }

  /** @param {Row} row */
  #row(row) {
    const name = row[this.by];
    const tr = el('tr', { class: row.silent ? 'silent' : '', 'data-name': String(name), 'data-host': this.by === 'host' ? name : null },
      el('th', { scope: 'row', class: 'col-name' }, ...this.#name(row, name)));
    for (const v of this.panel.values) tr.append(this.#cell(row, v));
    return tr;
  }

  /**
   * @param {Row} row
   * @param {string} name
   */
  #name(row, name) {
    const labels = this.by === 'env' ? '' : labelsOf(row);
    const text = nameOf(format.dimension(name, this.by));
    /** @type {Record<string, () => void>} */
    const actions = { host: () => this.page.openHost(name, row.silent ? row.last_ts : undefined), env: () => this.page.filter('env', name),
      process: () => this.page.filter('process', name) };
    const action = actions[this.by];
    return [
      action ? el('button', { class: 'host', type: 'button', onclick: action }, dot(styleOf(name, this.by).colour), text) : text,
      labels ? el('span', { class: 'labels' }, labels) : null,
    ];
  }

  /**
   * @param {Row} row
   * @param {Value} v
   */
  #cell(row, v) {
    const x = row[v.column], unit = v.unit === 'row' ? row[v.unit_column ?? ''] : this.unit(v);
    if (unit === 'time') {
      const shown = x === null ? '–' : el('time', { datetime: new Date(x * 1000).toISOString(), title: format.moment(x) },
        'length_s' in row ? format.shortMoment(x) : `${format.age((this.data?.to ?? x) - x)} ago`);
      return el('td', { class: `col-${v.column}` }, 'silent' in row ? el('span', { class: `pill ${row.silent ? 'bad' : 'ok'}` }, row.silent ? 'silent' : 'live') : null,
        this.#isEvent(row) && x !== null ? el('button', { class: 'link', type: 'button', title: 'Show this time', onclick: () => this.#openTime(row, x) }, shown) : shown);
    }
    if (v.column === 'problem') {
      return el('td', { class: 'col-problem' }, el('span', { class: `pill ${row.severity > 1 ? 'bad' : 'warn'}` }, x));
    }
    const td = el('td', { class: `${unit === 'text' ? '' : 'num '}col-${v.column}` }, el('span', { title: v.host ? row[v.host] : null }, this.#text(row, v, x, unit)));
    if (unit === 'percent' && x !== null && v.thresholds) {
      const bar = el('i');
      bar.style.width = `${Math.min(100, Math.max(0, x))}%`;
      td.append(el('span', { class: `meter ${level(x, v.thresholds)}`, 'aria-hidden': 'true' }, bar));
    } else if (v.thresholds) {
      td.dataset.level = level(x, v.thresholds);
    }
    return td;
  }

  /**
   * Whether a row is about an event of a host: it has a length, or it began at some time.
   * @param {Row} row
   */
  #isEvent(row) { return this.by === 'host' && ('length_s' in row || 'since' in row); }

  /**
   * @param {Row} row
   * @param {number} from
   */
  #openTime(row, from) { this.page.openTime(row[this.by], from, 'length_s' in row ? from + row.length_s : this.data?.to ?? from); }

  /**
   * @param {Row} row
   * @param {Value} v
   * @param {any} x
   * @param {string} unit
   */
  #text(row, v, x, unit) {
    const text = format.value(x, unit), signed = v.column === 'size' && x > 0 ? `+${text}` : text;
    return v.host && row[v.host] ? `${signed} · ${format.middle(row[v.host], 24)}` : signed;
  }
}

/**
 * @param {any} a
 * @param {any} b
 * @param {1 | -1} sign
 */
function compare(a, b, sign) {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1; // an absent value goes last in both directions
  if (b === null || b === undefined) return -1;
  return sign * (a < b ? -1 : 1);
}
