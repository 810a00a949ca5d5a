// A button that opens a list to choose from, with a search field.

/** @typedef {[value: string, text: string, note?: string]} Choice */

import { el } from './dom.js';

const most = 200;

export class Choose {
  #label; #all; #onChange; #text; #search; #list; #menu; #required;
  /** @type {Choice[]} */
  #options = [];
  #value = '';

  /**
   * @param {string} name
   * @param {string} label
   * @param {string | null} all is the text for choosing nothing; null if something is always chosen
   * @param {(value: string) => void} onChange
   */
  constructor(name, label, all, onChange) {
    this.#label = label;
    this.#all = all;
    this.#required = all === null;
    this.#onChange = onChange;
    this.#text = el('summary', { class: 'button' }, label);
    this.#search = el('input', { type: 'search', placeholder: `Search ${label.toLowerCase()}`, 'aria-label': `Search ${label.toLowerCase()}`,
      autocomplete: 'off', spellcheck: 'false', oninput: () => this.#fill() });
    this.#list = el('div', { class: 'options', role: 'listbox', 'aria-label': label });
    this.#menu = el('details', { class: 'menu choose', 'data-choose': name }, this.#text,
      el('div', { class: 'menu-panel' }, this.#search, this.#list));
    this.element = this.#menu;
    this.#menu.addEventListener('toggle', () => {
      if (!this.#menu.open) return;
      this.#search.value = '';
      this.#fill();
      this.#search.focus();
    });
    this.#menu.addEventListener('keydown', (e) => this.#key(e));
  }

  /**
   * @param {Choice[]} options
   * @param {string} value is chosen now
   */
  set(options, value) {
    this.#options = options;
    this.#value = value;
    const chosen = options.find(([v]) => v === value)?.[1] ?? value;
    this.#text.textContent = value && !this.#required ? `${this.#label}: ${chosen}` : this.#required ? chosen || this.#label : this.#label;
    this.#text.classList.toggle('chosen', Boolean(value) && !this.#required);
    if (this.#menu.open) this.#fill();
  }

  #fill() {
    const words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.#options.filter(([v, text]) => words.every((w) => `${text} ${v}`.toLowerCase().includes(w)));
    const rows = found.slice(0, most).map((o) => this.#option(...o));
    if (!this.#required && words.length === 0) rows.unshift(this.#option('', this.#all ?? ''));
    const active = document.activeElement;
    const focused = active instanceof HTMLElement && this.#list.contains(active) ? active.dataset.value : undefined;
    this.#list.replaceChildren(...rows,
      found.length > most ? el('p', { class: 'option-note' }, `and ${found.length - most} more`) : '',
      rows.length === 0 ? el('p', { class: 'option-note' }, 'Nothing found') : '');
    if (focused !== undefined) this.#buttons().find((b) => b.dataset.value === focused)?.focus();
  }

  #buttons() { return [...this.#list.querySelectorAll('button')]; }

  /**
   * @param {string} value
   * @param {string} text
   */
  #option(value, text, note = '') {
    return el('button', { type: 'button', role: 'option', 'data-value': value, 'aria-selected': String(value === this.#value), tabindex: '-1',
      onclick: () => this.#pick(value) }, el('span', { class: 'option-text' }, text), note ? el('span', { class: 'option-note' }, note) : null);
  }

  /** @param {string} value */
  #pick(value) {
    this.#menu.open = false;
    this.#text.focus();
    if (value !== this.#value) this.#onChange(value);
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    const options = this.#buttons(), i = options.findIndex((b) => b === document.activeElement);
    if (e.key === 'Escape') {
      this.#menu.open = false;
      this.#text.focus();
    } else if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault();
      const next = i + (e.key === 'ArrowDown' ? 1 : -1);
      (next < 0 ? this.#search : options[Math.min(next, options.length - 1)])?.focus();
    } else if (e.key === 'Enter' && e.target === this.#search) {
      e.preventDefault();
      const first = options.find((b) => b.dataset.value !== '') ?? options[0];
      if (first) this.#pick(first.dataset.value ?? '');
    }
  }
}
