// The hosts that need attention: one row a host, with all of its problems. Silent hosts are a group of their own.

/** @import { PanelData, Row } from '../types.js' */

import { Card } from './card.js';
import { el, dot, nameOf } from './dom.js';
import * as format from './format.js';
import { labelsOf, longSilent } from './hosts.js';
import { Pager } from './pager.js';
import { styleOf } from './palette.js';

const day = 86400;

/** How many hosts of a group are shown before the viewer asks for all. */
const few = 10;
/** How many rows a page of all hosts has. */
const pageRows = 50;

export class Problems extends Card {
  #groups = [new Group('problems', 'Problems'), new Group('silent', 'Silent')];

  /** @type {Row[]} */
  #inventory = [];

  mount() {
    this.body.append(...this.#groups.map((g) => g.element), this.#rules());
    const days = Math.round(this.page.forgetS / day);
    this.#groups[1].element.append(el('details', { class: 'retire' }, el('summary', {}, 'How does a host leave this list?'),
      el('p', {}, `It leaves ${days} days after its last sample. If you switched it off for good and do not want to see it for so long, start `
        + 'the dashboard with a shorter time, for example ', el('code', {}, '--forget-after 48h'), '. Its samples stay in the lake.')));
  }

  /** When a host has a problem, in words. */
  #rules() {
    const { rules, overrides } = this.page.rules;
    return el('details', { class: 'retire' }, el('summary', {}, 'When does a host have a problem?'),
      el('ul', {}, ...rules.map((r) => el('li', {}, el('strong', {}, r.name), ` – ${r.sentence}`))),
      overrides > 0 ? el('p', {}, `${overrides} ${overrides === 1 ? 'change' : 'changes'} of these rules for some hosts: see `, el('code', {}, 'alert-rules'), '.') : null);
  }

  /**
   * Adds the hosts that are silent for longer than the panel looks back.
   * @param {Row[]} rows are all hosts, with the times of their first and last samples
   */
  know(rows) {
    this.#inventory = rows;
    if (this.data) this.show(this.data);
  }

  /**
   * The hosts of the inventory that are silent for more than a day.
   * @param {PanelData} data
   * @returns {Row[]}
   */
  #gone(data) {
    return longSilent(this.#inventory, data.list(), data.to).map((r) => ({
      host: r.host, node_role: r.role, env: r.env, problem: 'Silent', unit: 'duration', value: data.to - r.last_ts, since: r.last_ts, severity: 2,
    })).sort((a, b) => b.since - a.since);
  }

  /** @param {PanelData} data */
  isEmpty(data) { return data.rows === 0 && this.#gone(data).length === 0; }

  /** @param {PanelData} data */
  note(data) {
    const hosts = new Set(data.column('host')).size + this.#gone(data).length;
    return hosts === 0 ? '' : hosts === 1 ? '1 host' : `${hosts} hosts`;
  }

  redraw() {
    if (!this.data) return;
    const rows = [...this.data.list(), ...this.#gone(this.data)], silent = (/** @type {Row} */ row) => row.problem === 'Silent';
    // Making the rows anew must not take the focus from a button in one of them.
    const focused = this.body.contains(document.activeElement) ? document.activeElement?.closest('[data-host]')?.getAttribute('data-host') : null;
    this.#groups[0].show(this.#byHost(rows.filter((r) => !silent(r))), (host, problems) => this.#rows(host, problems));
    this.#groups[1].show(this.#byHost(rows.filter(silent)), (host, problems) => this.#rows(host, problems));
    if (focused) [...this.body.querySelectorAll('tbody')].find((b) => b.dataset.host === focused)?.querySelector('button')?.focus({ preventScroll: true });
  }

  /**
   * The rows of each host, in the order in which the hosts come.
   * @param {Row[]} rows
   */
  #byHost(rows) {
    /** @type {Map<string, Row[]>} */
    const hosts = new Map();
    for (const row of rows) hosts.set(row.host, [...hosts.get(row.host) ?? [], row]);
    return [...hosts];
  }

  /**
   * The rows of a host, one for each of its problems: a long text then moves the value and the time of the next problem, too.
   * @param {string} host
   * @param {Row[]} problems
   */
  #rows(host, problems) {
    const labels = labelsOf(problems[0]);
    const silent = problems.find((p) => p.problem === 'Silent');
    const open = () => this.page.openHost(host, silent?.since);
    const name = el('th', { scope: 'rowgroup', rowspan: String(problems.length), class: 'col-name' },
      el('button', { class: 'host', type: 'button', onclick: open }, dot(styleOf(host).colour), nameOf(host)),
      labels ? el('span', { class: 'labels' }, labels) : null);
    return el('tbody', { 'data-host': host }, ...problems.map((p, i) => el('tr', {}, i === 0 ? name : null,
      el('td', { class: 'col-problem' }, el('span', { class: `pill ${p.severity > 1 ? 'bad' : 'warn'}` }, p.culprit ? `${p.problem}: ${p.culprit}` : p.problem), muted(p)),
      el('td', { class: 'num col-value' }, format.value(p.value, p.unit)),
      el('td', { class: 'col-since' }, this.#since(p)))));
  }

  /** @param {Row} p */
  #since(p) {
    const at = { datetime: new Date(p.since * 1000).toISOString(), title: p.unknown_since ? 'the problem is older' : format.moment(p.since) };
    return el('time', at, p.unknown_since ? 'more than 24 h ago' : `${format.age((this.data?.to ?? p.since) - p.since)} ago`);
  }
}

/**
 * Until when nobody is told about a problem, and why.
 * @param {Row} p
 */
function muted(p) {
  return p.muted_until ? el('span', { class: 'labels' }, `muted until ${format.moment(p.muted_until)}: ${p.mute_reason}`) : null;
}

/** A table of hosts with a heading that counts them. */
class Group {
  #count = el('span', { class: 'count' });
  #table = el('table', { class: 'data' });
  #more;
  #all = false;
  /** @type {() => void} */
  #again = () => {};
  /** The rows of a host. @type {(host: string, problems: Row[]) => HTMLElement} */
  #rows = () => el('tbody');
  /** @type {Pager<[host: string, problems: Row[]]>} */
  #pager;

  /**
   * @param {string} id
   * @param {string} title
   */
  constructor(id, title) {
    this.#more = el('button', { type: 'button', class: 'link more', onclick: () => { this.#all = !this.#all; this.#again(); } });
    const columns = [['name', 'Host', ''], ['problem', 'Problem', ''], ['value', 'Now', 'num'], ['since', 'Since', '']];
    const head = el('thead', {}, el('tr', {}, ...columns.map(([name, label, kind]) => el('th', { scope: 'col', class: `${kind} col-${name}` }, label))));
    this.#pager = new Pager(`hosts: ${title}`, pageRows, ([host, problems]) => [host, labelsOf(problems[0]), ...problems.map((p) => `${p.problem} ${p.culprit ?? ''}`)].join(' '),
      (hosts) => this.#table.replaceChildren(head, ...hosts.map(([host, problems]) => this.#rows(host, problems))));
    const heading = el('h3', { id: `group-${id}` }, title, ' ', this.#count);
    this.element = el('section', { class: 'group', 'data-group': id, hidden: true, 'aria-labelledby': `group-${id}` }, heading, this.#pager.element,
      el('div', { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': title }, this.#table),
      this.#more);
  }

  /**
   * @param {[host: string, problems: Row[]][]} hosts
   * @param {(host: string, problems: Row[]) => HTMLElement} rows
   */
  show(hosts, rows) {
    this.#again = () => this.show(hosts, rows);
    this.element.hidden = hosts.length === 0;
    this.#count.textContent = String(hosts.length);
    this.#rows = rows;
    this.#pager.set(this.#all ? hosts : hosts.slice(0, few));
    this.#more.hidden = hosts.length <= few;
    this.#more.textContent = this.#all ? `Show the first ${few}` : `Show all ${hosts.length}`;
  }
}
