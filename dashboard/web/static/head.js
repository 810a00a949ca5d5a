// The head of one host's page: whether it reports, how it is now, and what it is.

/** @import { PanelData, Row, Value } from '../types.js' */

import { Card } from './card.js';
import { el, level } from './dom.js';
import * as format from './format.js';

export class Head extends Card {
  #state = el('p', { class: 'head-state' });
  #numbers = el('dl', { class: 'head-numbers' });
  #facts = el('dl', { class: 'head-facts' });

  mount() { this.body.append(this.#state, this.#numbers, this.#facts); }

  /**
   * The head is that of one host.
   * @param {PanelData} data
   */
  isEmpty(data) { return data.rows !== 1; }

  redraw() {
    if (!this.data || this.data.rows !== 1) return;
    const row = this.data.row(0), silent = Boolean(row.silent);
    this.#state.replaceChildren(el('span', { class: `pill ${silent ? 'bad' : 'ok'}` }, silent ? 'Silent' : 'Reporting'),
      el('time', { datetime: new Date(row.last_ts * 1000).toISOString() },
        `${silent ? 'since' : 'last sample'} ${format.moment(row.last_ts)}, ${format.age(this.data.to - row.last_ts)} ago`));
    this.element.dataset.level = silent ? 'bad' : 'ok';
    const known = this.panel.values.filter((v) => row[v.column] !== null && row[v.column] !== '');
    this.#numbers.replaceChildren(...known.filter((v) => !v.fact).map((v) => this.#number(row, v)));
    this.#facts.replaceChildren(...known.filter((v) => v.fact).map((v) => el('div', {},
      el('dt', {}, v.label), el('dd', {}, format.value(row[v.column], v.unit)))));
  }

  /**
   * @param {Row} row
   * @param {Value} v
   */
  #number(row, v) {
    const [number, unit] = format.parts(row[v.column], v.unit), of = v.host && row[v.host];
    return el('div', { 'data-level': level(row[v.column], v.thresholds), 'data-column': v.column },
      el('dt', {}, v.label), el('dd', {}, el('strong', {}, number), ` ${unit}`, of ? el('span', { class: 'of' }, of) : null));
  }
}
