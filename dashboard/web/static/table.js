// A panel as a table, to be sorted by any column.

import { Card } from './card.js';
import { el, dot, level } from './dom.js';
import * as format from './format.js';
import { styleOf } from './palette.js';

const heads = { host: 'Host', env: 'Environment', t: 'Time', tag: 'Tag' };

export class Table extends Card {
  #table; #rows = []; #sort = null;

  mount() {
    this.#table = el('table', { class: 'data' }, el('thead'), el('tbody'));
    const head = el('tr', {}, this.#header(this.panel.by, heads[this.panel.by] ?? '', ''));
    for (const v of this.panel.values) head.append(this.#header(v.column, v.label, ['time', 'text'].includes(v.unit) ? '' : 'num'));
    this.#table.tHead.replaceChildren(head);
    this.body.classList.add('table-scroll');
    this.body.tabIndex = 0;
    this.body.setAttribute('role', 'region');
    this.body.setAttribute('aria-label', this.panel.title);
    this.body.append(this.#table);
  }

  #header(column, label, kind) {
    return el('th', { scope: 'col', class: `${kind} col-${column}`, 'data-column': column },
      el('button', { type: 'button', class: 'sort', onclick: () => this.#sortBy(column) }, label));
  }

  #sortBy(column) {
    const down = this.#sort?.column === column ? !this.#sort.down : column !== this.panel.by;
    this.#sort = { column, down };
    this.redraw();
  }

  note(data) {
    if (!data.has('silent')) return '';
    const silent = data.column('silent').filter(Boolean).length;
    return data.rows === 0 ? '' : `${data.rows} in the last day${silent ? `, ${silent} silent` : ''}`;
  }

  redraw() {
    if (!this.data) return;
    this.#rows = this.data.list();
    const { column, down } = this.#sort ?? { column: this.data.has('silent') ? 'silent' : null, down: true };
    for (const th of this.#table.tHead.rows[0].cells) {
      th.setAttribute('aria-sort', th.dataset.column === column ? (down ? 'descending' : 'ascending') : 'none');
    }
    const key = (row) => (column === 'silent' ? Number(row.silent) : row[column]);
    if (column) this.#rows.sort((a, b) => compare(key(a), key(b), down ? -1 : 1) || compare(a[this.panel.by], b[this.panel.by], 1));
    // A control that has the focus keeps it when its row is made anew.
    const body = this.#table.tBodies[0];
    const focused = body.contains(document.activeElement) ? document.activeElement.closest('tr')?.dataset.name : undefined;
    body.replaceChildren(...this.#rows.map((row) => this.#row(row)));
    if (focused !== undefined) [...body.rows].find((r) => r.dataset.name === focused)?.querySelector('button')?.focus({ preventScroll: true });
  }

  #row(row) {
    const name = row[this.panel.by];
    const tr = el('tr', { class: row.silent ? 'silent' : '', 'data-name': String(name), 'data-host': this.panel.by === 'host' ? name : null },
      el('th', { scope: 'row', class: 'col-name' }, ...this.#name(row, name)));
    for (const v of this.panel.values) tr.append(this.#cell(row, v));
    return tr;
  }

  #name(row, name) {
    const labels = [row.node_role, this.panel.by === 'env' ? null : row.env].filter(Boolean).join(' · ');
    const text = el('span', { class: 'host-name' }, format.dimension(name, this.panel.by));
    const action = { host: () => this.page.openHost(name), env: () => this.page.filter('env', name) }[this.panel.by];
    return [
      action ? el('button', { class: 'host', type: 'button', onclick: action }, dot(styleOf(name, this.panel.by).colour), text) : text,
      labels ? el('span', { class: 'labels' }, labels) : null,
    ].filter(Boolean);
  }

  #cell(row, v) {
    const x = row[v.column], unit = v.unit === 'row' ? row[v.unit_column] : this.unit(v);
    if (unit === 'time') {
      const live = this.data.has('silent')
        ? el('span', { class: `pill ${row.silent ? 'bad' : 'ok'}` }, row.silent ? 'silent' : 'live') : null;
      return el('td', { class: `col-${v.column}` }, ...[live].filter(Boolean), x === null ? '–'
        : el('time', { datetime: new Date(x * 1000).toISOString(), title: format.moment(x) },
          this.data.has('length_s') ? format.shortMoment(x) : `${format.age(this.data.to - x)} ago`));
    }
    if (v.column === 'problem') {
      return el('td', { class: 'col-problem' }, el('span', { class: `pill ${row.severity > 1 ? 'bad' : 'warn'}` }, x));
    }
    const td = el('td', { class: `num col-${v.column}` }, el('span', {}, this.#text(row, v, x, unit)));
    if (unit === 'percent' && x !== null && v.thresholds) {
      const bar = el('i');
      bar.style.width = `${Math.min(100, Math.max(0, x))}%`;
      td.append(el('span', { class: `meter ${level(x, v.thresholds)}`, 'aria-hidden': 'true' }, bar));
    } else if (v.thresholds) {
      td.dataset.level = level(x, v.thresholds);
    }
    return td;
  }

  #text(row, v, x, unit) {
    const text = format.value(x, unit), signed = v.column === 'size' && x > 0 ? `+${text}` : text;
    return v.host && row[v.host] ? `${signed} · ${row[v.host]}` : signed;
  }
}

function compare(a, b, sign) {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1; // what is absent goes last either way
  if (b === null || b === undefined) return -1;
  return sign * (a < b ? -1 : 1);
}
