// The pages of a long list, and a field that searches all of it.

import { el } from './dom.js';

/** @template T */
export class Pager {
  #size; #text; #show; #label;
  /** @type {T[]} */
  #all = [];
  #page = 0;
  #search; #from = el('span', { 'aria-live': 'polite' }); #back; #next;

  /**
   * @param {string} label says what the rows are
   * @param {number} size is how many rows a page has
   * @param {(row: T) => string} text is what the search looks at
   * @param {(rows: T[]) => void} show shows the rows of a page
   */
  constructor(label, size, text, show) {
    this.#label = label;
    this.#size = size;
    this.#text = text;
    this.#show = show;
    this.#search = el('input', { type: 'search', placeholder: 'Search', 'aria-label': `Search ${label}`, autocomplete: 'off', spellcheck: 'false',
      oninput: () => this.#turn(0) });
    /** @param {string} sign @param {string} name @param {number} by */
    const button = (sign, name, by) => el('button', { type: 'button', class: 'button icon', title: name, 'aria-label': `${name} of ${label}`,
      onclick: () => this.#turn(this.#page + by) }, sign);
    this.#back = button('‹', 'Previous page', -1);
    this.#next = button('›', 'Next page', 1);
    this.element = el('div', { class: 'pager', hidden: true }, this.#search, el('div', { class: 'pages' }, this.#from, this.#back, this.#next));
  }

  /** @param {T[]} rows are all rows, in their order */
  set(rows) {
    this.#all = rows;
    this.element.hidden = rows.length <= this.#size;
    if (this.element.hidden) this.#search.value = '';
    this.#turn(this.#page);
  }

  /** Shows the first page, for example because the rows have another order. */
  first() { this.#page = 0; }

  /** @param {number} page */
  #turn(page) {
    const words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length === 0 ? this.#all : this.#all.filter((row) => {
      const text = this.#text(row).toLowerCase();
      return words.every((w) => text.includes(w));
    });
    const pages = Math.max(1, Math.ceil(found.length / this.#size));
    this.#page = Math.max(0, Math.min(page, pages - 1));
    const first = this.#page * this.#size, rows = found.slice(first, first + this.#size);
    this.#from.textContent = found.length === 0 ? `No ${this.#label} found`
      : `${(first + 1).toLocaleString('en')}–${(first + rows.length).toLocaleString('en')} of ${found.length.toLocaleString('en')}`;
    this.#back.disabled = this.#page === 0;
    this.#next.disabled = this.#page === pages - 1;
    this.#show(rows);
  }
}
