// The table of hosts: when each was last seen and what it said.

import { el, dot, level } from './dom.js';
import * as format from './format.js';
import { styleOf } from './hosts-palette.js';

export class HostsTable {
  #panel; #table; #rows = []; #to = 0; #sort = { column: 'silent', down: true }; #onHost; #selected = '';

  constructor(panel, table, onHost) {
    this.#panel = panel;
    this.#table = table;
    this.#onHost = onHost;
    const head = el('tr', {}, this.#header('host', 'Host', ''));
    for (const v of panel.values) head.append(this.#header(v.column, v.label, v.column === 'last_ts' ? '' : 'num'));
    table.tHead.replaceChildren(head);
  }

  #header(column, label, kind) {
    return el('th', { scope: 'col', class: `${kind} col-${column}`, 'data-column': column },
      el('button', { type: 'button', class: 'sort', onclick: () => this.#sortBy(column) }, label));
  }

  #sortBy(column) {
    const down = this.#sort.column === column ? !this.#sort.down : column !== 'host';
    this.#sort = { column, down };
    this.redraw();
  }

  show(data, selected) {
    this.#rows = Array.from({ length: data.rows }, (_, i) => data.row(i));
    this.#to = data.to;
    this.#selected = selected;
    this.redraw();
  }

  redraw() {
    const { column, down } = this.#sort, sign = down ? -1 : 1;
    for (const th of this.#table.tHead.rows[0].cells) {
      th.setAttribute('aria-sort', th.dataset.column === column ? (down ? 'descending' : 'ascending') : 'none');
    }
    const key = (row) => (column === 'silent' ? Number(row.silent) : row[column]);
    this.#rows.sort((a, b) => compare(key(a), key(b), sign) || compare(a.host, b.host, 1));
    // A control that has the focus keeps it when its row is made anew.
    const focused = document.activeElement?.closest?.('#hosts tbody tr')?.dataset.host;
    this.#table.tBodies[0].replaceChildren(...this.#rows.map((row) => this.#row(row)));
    if (focused !== undefined) {
      [...this.#table.tBodies[0].rows].find((r) => r.dataset.host === focused)?.querySelector('button')?.focus({ preventScroll: true });
    }
  }

  #row(row) {
    const labels = [row.node_role, row.env].filter(Boolean).join(' · ');
    const tr = el('tr', { class: row.silent ? 'silent' : '', 'data-host': row.host },
      el('th', { scope: 'row', class: 'col-host' },
        el('button', { class: 'host', type: 'button', 'aria-pressed': String(row.host === this.#selected),
          onclick: () => this.#onHost(row.host) }, dot(styleOf(row.host).colour), el('span', { class: 'host-name' }, row.host)),
        labels ? el('span', { class: 'labels' }, labels) : null));
    for (const v of this.#panel.values) tr.append(this.#cell(row, v));
    return tr;
  }

  #cell(row, v) {
    const x = row[v.column];
    if (v.unit === 'time') {
      return el('td', { class: `col-${v.column}` },
        el('span', { class: `pill ${row.silent ? 'bad' : 'ok'}` }, row.silent ? 'silent' : 'live'),
        el('time', { datetime: new Date(x * 1000).toISOString(), title: format.moment(x) }, `${format.age(this.#to - x)} ago`));
    }
    const td = el('td', { class: `num col-${v.column}` }, el('span', {}, format.value(x, v.unit)));
    if (v.unit === 'percent' && x !== null) {
      const bar = el('i');
      bar.style.width = `${Math.min(100, Math.max(0, x))}%`;
      td.append(el('span', { class: `meter ${level(x, v.thresholds)}`, 'aria-hidden': 'true' }, bar));
    }
    return td;
  }
}

function compare(a, b, sign) {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1; // what is absent goes last either way
  if (b === null || b === undefined) return -1;
  return sign * (a < b ? -1 : 1);
}
