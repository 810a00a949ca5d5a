// The dialog with a panel's query, for DuckDB and for Athena.

/** @import { Panel } from '../types.js' */

import * as api from './api.js';
import { el } from './dom.js';

/**
 * For each form of the SQL, its name and where to run it.
 * @type {Record<string, [name: string, hint: string]>}
 */
const forms = {
  local: ['dashboard query', 'Run it over this lake: dashboard query - < query.sql'],
  athena: ['Athena', 'Run it in Athena\'s console, in the workgroup of the stack.'],
};

export class SQLDialog {
  #dialog; #title; #hint; #code; #copy;
  /** @type {string} */
  #form;
  /** @type {Record<string, HTMLElement>} */
  #tabs = {};
  /** @type {Record<string, string>} */
  #texts = {};

  /**
   * @param {HTMLElement} root
   * @param {'local' | 'athena'} first is the form that is shown first
   */
  constructor(root, first) {
    this.#form = first;
    this.#title = el('h2', { id: 'sql-title' });
    this.#hint = el('p', { class: 'question' });
    this.#code = el('pre', { class: 'sql', tabindex: '0' });
    this.#copy = el('button', { type: 'button', class: 'button', onclick: () => this.#toClipboard() }, 'Copy');
    const tabs = el('div', { class: 'segmented', role: 'group', 'aria-label': 'Form' });
    for (const [form, [name]] of Object.entries(forms)) {
      this.#tabs[form] = el('button', { type: 'button', 'data-form': form, onclick: () => this.#select(form) }, name);
      tabs.append(this.#tabs[form]);
    }
    this.#dialog = el('dialog', { class: 'sql-dialog', 'aria-labelledby': 'sql-title' },
      el('header', {}, el('div', {}, this.#title, this.#hint), el('button', { type: 'button', class: 'button icon', 'aria-label': 'Close',
        onclick: () => this.#dialog.close() }, '×')),
      this.#code, el('footer', {}, tabs, this.#copy));
    this.#dialog.addEventListener('click', (e) => { if (e.target === this.#dialog) this.#dialog.close(); });
    root.append(this.#dialog);
  }

  /**
   * @param {Panel} panel
   * @param {URLSearchParams} query
   */
  async open(panel, query) {
    this.#title.textContent = panel.title;
    this.#texts = {};
    this.#select(this.#form);
    this.#code.textContent = '…';
    this.#dialog.showModal();
    try {
      this.#texts = await api.sql(panel.id, query);
      this.#select(this.#form);
    } catch (error) {
      this.#code.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  /** @param {string} form */
  #select(form) {
    this.#form = form;
    for (const [name, tab] of Object.entries(this.#tabs)) tab.setAttribute('aria-pressed', String(name === form));
    this.#hint.textContent = forms[form][1];
    this.#code.textContent = this.#texts[form] ?? '…';
    this.#copy.textContent = 'Copy';
  }

  async #toClipboard() {
    try {
      await navigator.clipboard.writeText(this.#code.textContent);
      this.#copy.textContent = 'Copied';
    } catch { // browsers give a clipboard only to pages over HTTPS or loopback: select the text for the viewer to copy
      getSelection()?.selectAllChildren(this.#code);
    }
  }
}
