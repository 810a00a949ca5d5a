// A button that opens a list to choose from, with a search field.

/** @typedef {[value: string, text: string, note?: string]} Choice */

import { el } from './dom.js';

/** How long the viewer has to pause before a search is sent, in milliseconds. */
const pauseMS = 120;

/**
 * Where a list gets its options from.
 * @callback Source
 * @param {string} search
 * @returns {Promise<{ options: Choice[], found: number }>}
 */

export class Choose {
  #label; #all; #onChange; #text; #search; #list; #menu; #required;
  /** @type {Source} */
  #source = async () => ({ options: [], found: 0 });
  /** What is chosen, with the texts that are known. @type {Map<string, string>} */
  #chosen = new Map();
  #asked = 0; #timer = 0;
  /** The list that is being made. @type {Promise<void>} */
  #filling = Promise.resolve();

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
      autocomplete: 'off', spellcheck: 'false', oninput: () => this.#later() });
    this.#list = el('div', { class: 'options', role: 'listbox', 'aria-label': label });
    this.#menu = el('details', { class: 'menu choose', 'data-choose': name }, this.#text,
      el('div', { class: 'menu-panel' }, this.#search, this.#list));
    this.element = this.#menu;
    this.#menu.addEventListener('toggle', () => {
      if (!this.#menu.open) return;
      this.#search.value = '';
      this.#list.replaceChildren();
      this.#fill();
      this.#search.focus();
    });
    this.#menu.addEventListener('keydown', (e) => this.#key(e));
  }

  /**
   * @param {Choice[]} options are all there are
   * @param {string} value is chosen now
   */
  set(options, value) {
    const words = (/** @type {string} */ text) => text.toLowerCase().split(/\s+/).filter(Boolean);
    this.ask(async (search) => {
      const found = options.filter(([v, text]) => words(search).every((w) => `${text} ${v}`.toLowerCase().includes(w)));
      return { options: found, found: found.length };
    }, value === '' ? [] : [[value, options.find(([v]) => v === value)?.[1] ?? value]]);
  }

  /**
   * @param {Source} source searches for options
   * @param {Choice[]} chosen are chosen now
   */
  ask(source, chosen) {
    this.#source = source;
    this.#chosen = new Map(chosen.map(([v, text]) => [v, text]));
    const texts = [...this.#chosen.values()], shown = texts.length > 1 ? `${texts[0]} +${texts.length - 1}` : texts[0] ?? '';
    this.#text.textContent = this.#required ? shown || this.#label : shown ? `${this.#label}: ${shown}` : this.#label;
    this.#text.classList.toggle('chosen', texts.length > 0 && !this.#required);
    if (this.#menu.open) this.#fill();
  }

  /** Searches once the viewer pauses. */
  #later() {
    clearTimeout(this.#timer);
    this.#filling = new Promise((/** @type {(v?: undefined) => void} */ done) => { this.#timer = setTimeout(() => { this.#fill(); done(); }, pauseMS); }).then(() => this.#filling);
  }

  #fill() { this.#filling = this.#make(); }

  /** Asks for the options and shows them. If another search began since, its answer is shown instead. */
  async #make() {
    const asked = ++this.#asked, search = this.#search.value.trim();
    this.#list.setAttribute('aria-busy', 'true');
    /** @type {Choice[]} */
    let options = [];
    let found = 0, problem = '';
    try {
      ({ options, found } = await this.#source(search));
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    if (asked !== this.#asked) return this.#filling;
    const rows = options.map((o) => this.#option(...o));
    if (search === '') {
      const first = [...this.#chosen].filter(([v]) => !options.some(([o]) => o === v)).map(([v, text]) => this.#option(v, text));
      rows.unshift(...(this.#required ? [] : [this.#option('', this.#all ?? '')]), ...first);
    }
    const active = document.activeElement;
    const focused = active instanceof HTMLElement && this.#list.contains(active) ? active.dataset.value : undefined;
    this.#list.removeAttribute('aria-busy');
    /** @param {string} text */
    const note = (text) => el('p', { class: 'option-note', role: 'status' }, text);
    this.#list.replaceChildren(...rows, found > options.length ? note(`${(found - options.length).toLocaleString('en')} more: type to search`) : '',
      problem ? note(problem) : rows.length === 0 ? note('Nothing found') : '');
    if (focused !== undefined) this.#buttons().find((b) => b.dataset.value === focused)?.focus();
  }

  #buttons() { return [...this.#list.querySelectorAll('button')]; }

  /**
   * @param {string} value
   * @param {string} text
   */
  #option(value, text, note = '') {
    const chosen = value === '' ? this.#chosen.size === 0 : this.#chosen.has(value);
    return el('button', { type: 'button', role: 'option', 'data-value': value, 'aria-selected': String(chosen), tabindex: '-1',
      onclick: () => this.#pick(value) }, el('span', { class: 'option-text' }, text), note ? el('span', { class: 'option-note' }, note) : null);
  }

  /** @param {string} value */
  #pick(value) {
    this.#menu.open = false;
    this.#text.focus();
    this.#onChange(value);
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    if (e.key === 'Escape') {
      this.#menu.open = false;
      this.#text.focus();
    } else if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault();
      this.#move(e.key === 'ArrowDown' ? 1 : -1);
    } else if (e.key === 'Enter' && e.target === this.#search) {
      e.preventDefault();
      this.#pickFound();
    }
  }

  /** Moves the focus in the list, once the options are there. @param {number} step */
  async #move(step) {
    await this.#filling;
    if (!this.#menu.open) return;
    const options = this.#buttons(), next = options.findIndex((b) => b === document.activeElement) + step;
    (next < 0 ? this.#search : options[Math.min(next, options.length - 1)])?.focus();
  }

  /**
   * Picks an option, once the options are there: the one that arrow keys have reached meanwhile, otherwise the first that the search
   * finds.
   */
  async #pickFound() {
    await this.#filling;
    const options = this.#buttons(), reached = options.find((b) => b === document.activeElement);
    const picked = reached ?? options.find((b) => b.dataset.value !== '') ?? options[0];
    if (picked && this.#menu.open) this.#pick(picked.dataset.value ?? '');
  }
}
