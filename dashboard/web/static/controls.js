// The controls with which the viewer chooses a dashboard, a time range, filters and a metric.

/** @import { Choice } from './choose.js' */
/** @import { Choices, Compare, Dashboard, Filter, Metric, State } from '../types.js' */

/**
 * What the controls ask of the page: the state and what there is to choose from, and functions that lead to another state.
 * @typedef {object} App
 * @property {State} state
 * @property {boolean} live
 * @property {Choices} choices
 * @property {Metric[]} metrics
 * @property {number} fewHosts
 * @property {() => Metric} metric
 * @property {(next: State) => void} go
 * @property {(range: string) => void} chooseRange
 * @property {(name: Filter | 'metric') => string} chosen
 * @property {(name: Filter | 'metric', value: string) => void} filter
 * @property {(id: string) => void} leave goes to another dashboard
 * @property {(id: string) => string} linkTo is the address of a dashboard
 * @property {(of: Filter, search: string) => Promise<{ options: Choice[], found: number }>} search what a filter can be set to
 * @property {(host: string) => void} pick draws a host over the band of the fleet, or does not any more; none if the name is empty
 * @property {() => void} toggleLive
 */

import { Choose } from './choose.js';
import { comparisons } from './compare.js';
import { $, button, el } from './dom.js';
import * as format from './format.js';
import * as urlState from './state.js';
import { browserZone, inputTime, inputValue, zoneText } from './zone.js';

export class Controls {
  #app;

  /** @param {App} app */
  constructor(app) {
    this.#app = app;
    /**
     * @param {Filter | 'metric'} name
     * @param {string} label
     * @param {string | null} all
     */
    const choose = (name, label, all) => new Choose(name, label, all, (v) => { if (v !== app.chosen(name)) app.filter(name, v); });
    this.choosers = {
      host: choose('host', 'Host', 'All hosts'),
      env: choose('env', 'Environment', 'All environments'),
      role: choose('role', 'Role', 'All roles'),
      tag: choose('tag', 'Tag', 'All tags'),
      process: choose('process', 'Process', 'All processes'),
      metric: choose('metric', 'Metric', null),
    };
    for (const c of Object.values(this.choosers)) $('filters').insertBefore(c.element, $('once'));
    this.pick = new Choose('pick', 'Highlight', 'No host', (host) => app.pick(host));
    $('filters').insertBefore(this.pick.element, $('once'));
    this.compare = new Choose('compare', 'Compare', 'Nothing', (v) => app.go({ ...app.state, compare: /** @type {Compare} */ (v) }));
    $('filters').insertBefore(this.compare.element, $('once'));
    for (const range of urlState.ranges) {
      $('ranges').append(el('button', { type: 'button', 'data-range': range, 'aria-pressed': 'false', onclick: () => app.chooseRange(range) }, range));
    }
    $('once').addEventListener('click', () => app.go({ ...app.state, once: !app.state.once }));
    $('clear').addEventListener('click', () => app.go({ ...app.state, host: '', env: '', role: '', tag: '', process: '' }));
    $('zoom-out').addEventListener('click', () => app.go(urlState.zoomedOut(app.state, Date.now() / 1000)));
    $('live').addEventListener('click', () => app.toggleLive());
    $('zone').addEventListener('click', () => app.go({ ...app.state, utc: !app.state.utc }));
    $('fold').addEventListener('click', () => {
      const open = document.body.classList.toggle('unfolded');
      $('fold').setAttribute('aria-expanded', String(open));
    });
    this.#initCustomRange();
    initMenus();
  }

  #initCustomRange() {
    const app = this.#app, menu = /** @type {HTMLDetailsElement} */ ($('custom'));
    const first = /** @type {HTMLInputElement} */ ($('custom-from')), last = /** @type {HTMLInputElement} */ ($('custom-to'));
    menu.addEventListener('toggle', () => {
      if (!menu.open) return;
      const to = app.state.to ?? Date.now() / 1000;
      first.value = inputValue(app.state.utc, to - urlState.span(app.state));
      last.value = inputValue(app.state.utc, to);
      $('custom-error').textContent = '';
      first.focus();
    });
    $('custom-form').addEventListener('submit', (e) => {
      e.preventDefault();
      const from = inputTime(app.state.utc, first.value), to = inputTime(app.state.utc, last.value);
      if (!(to - from >= 10)) {
        $('custom-error').textContent = 'The end must be at least 10 s after the beginning.';
        return;
      }
      menu.open = false;
      app.go({ ...app.state, range: null, from, to });
    });
  }

  /**
   * Lists the dashboards.
   * @param {Dashboard[]} dashboards
   */
  initDashboards(dashboards) {
    for (const d of dashboards.filter((x) => !x.hidden)) {
      $('dashboards').append(el('a', { 'data-dashboard': d.id, href: '?', onclick: (/** @type {MouseEvent} */ e) => {
        if (e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
        e.preventDefault();
        this.#app.leave(d.id);
      } }, d.title));
    }
  }

  /**
   * Shows what is chosen on a dashboard.
   * @param {Dashboard} dashboard
   */
  show(dashboard) {
    const { state, live } = this.#app, one = dashboard.id === 'host';
    this.#showRange(state, live);
    showZone(state);
    $('title').textContent = one && state.host ? state.host : dashboard.title;
    $('question').textContent = (one && this.#app.choices.about) || dashboard.question;
    const title = one ? state.host || 'Host' : `${state.host ? `${state.host} · ` : ''}${dashboard.title}`;
    document.title = `${title} · Metrics Dashboard`;
    for (const link of $('dashboards').querySelectorAll('a')) {
      const id = link.dataset.dashboard ?? '', here = id === (one ? 'hosts' : dashboard.id);
      link.toggleAttribute('data-here', here);
      if (id === dashboard.id) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
      link.href = this.#app.linkTo(id);
      if (here) link.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
    this.choosers.metric.element.hidden = !dashboard.metric;
    this.choosers.process.element.hidden = dashboard.id !== 'processes';
    $('clear').hidden = !urlState.filters.some((f) => state[f]);
    $('once').setAttribute('aria-pressed', String(state.once));
    this.showChoices();
  }

  /**
   * @param {State} state
   * @param {boolean} live
   */
  #showRange(state, live) {
    for (const b of $('ranges').querySelectorAll('button')) b.setAttribute('aria-pressed', String(b.dataset.range === state.range));
    const custom = !urlState.ranges.includes(state.range ?? '');
    const chosen = state.range === null ? `${format.shortMoment(state.from)} – ${format.shortMoment(state.to)}` : state.range;
    $('custom-label').textContent = custom ? chosen : 'Custom';
    $('custom-label').classList.toggle('chosen', custom);
    const filters = urlState.filters.filter((f) => state[f]).length; // on a phone, the button says what is chosen
    $('fold').textContent = `${custom && state.range === null ? 'Custom' : chosen}${filters > 0 ? ` · ${filters} ${filters === 1 ? 'filter' : 'filters'}` : ''} ▾`;
    $('live').setAttribute('aria-pressed', String(live));
    button('live').disabled = !state.range;
  }

  /** Fills the lists to choose from. */
  showChoices() {
    const { state, choices, metrics } = this.#app;
    for (const name of /** @type {const} */ (['host', 'env', 'role', 'tag'])) {
      this.choosers[name].ask((search) => this.#app.search(name, search), state[name] ? [[state[name], state[name].replace('=', name === 'tag' ? ' = ' : '=')]] : []);
    }
    // Few hosts have a line each, so there is nothing to draw besides.
    this.pick.element.hidden = choices.hosts <= this.#app.fewHosts;
    this.pick.ask((search) => this.#app.search('host', search), state.pick.map((host) => [host, host]));
    this.choosers.process.set(unique([...choices.processes]), state.process);
    this.choosers.metric.set(metrics.map((m) => [m.column, m.label]), this.#app.metric()?.column ?? '');
    this.compare.set(comparisons, state.compare);
  }
}

/**
 * Shows by which clock the times of the page are.
 * @param {State} state
 */
function showZone(state) {
  const to = state.to ?? Date.now() / 1000, zone = button('zone');
  zone.textContent = zoneText(state.utc, to - urlState.span(state), to);
  zone.setAttribute('aria-pressed', String(state.utc));
  zone.disabled = browserZone === 'UTC';
  zone.title = zone.disabled ? 'Times are in UTC, which is the time zone of this browser'
    : state.utc ? `Times are in UTC. Show those of ${browserZone}` : `Times are those of ${browserZone}. Show UTC`;
  $('kiosk-zone').textContent = state.utc || browserZone === 'UTC' ? 'Times in UTC' : `Times of ${browserZone} (${zone.textContent})`;
}

/**
 * The different texts as choices, in alphabetical order.
 * @param {string[]} texts
 * @returns {Choice[]}
 */
const unique = (texts) => [...new Set(texts)].sort().map((v) => [v, v]);

/** Closes a menu if the viewer clicks elsewhere or presses Escape. So at most one menu is open. */
function initMenus() {
  const isOpen = 'details.menu[open]';
  document.addEventListener('click', (e) => {
    const opens = /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll(isOpen));
    for (const menu of opens) if (!(e.target instanceof Node && menu.contains(e.target))) menu.open = false;
  });
  document.addEventListener('keydown', (e) => {
    const menu = e.target instanceof Element && /** @type {HTMLDetailsElement | null} */ (e.target.closest(isOpen));
    if (e.key !== 'Escape' || !menu) return;
    menu.open = false;
    menu.querySelector('summary')?.focus();
  });
}
