// What the viewer chooses with: dashboard, time range, filters, metric.

import { Choose } from './choose.js';
import { el } from './dom.js';
import * as format from './format.js';
import * as urlState from './state.js';

const $ = (id) => document.getElementById(id);
const known = (...labels) => labels.filter((x) => x !== '(none)').join(' · ');

export class Controls {
  #app;

  /** app has the state and what there is to choose from; go, leave and linkTo lead to another state. */
  constructor(app) {
    this.#app = app;
    const choose = (name, label, all) => new Choose(name, label, all, (v) => app.filter(name, v));
    this.choosers = {
      host: choose('host', 'Host', 'All hosts'),
      env: choose('env', 'Environment', 'All environments'),
      role: choose('role', 'Role', 'All roles'),
      tag: choose('tag', 'Tag', 'All tags'),
      metric: choose('metric', 'Metric', null),
    };
    for (const c of Object.values(this.choosers)) $('filters').insertBefore(c.element, $('once'));
    for (const range of urlState.ranges) {
      $('ranges').append(el('button', { type: 'button', 'data-range': range, 'aria-pressed': 'false', onclick: () => app.chooseRange(range) }, range));
    }
    $('once').addEventListener('click', () => app.go({ ...app.state, once: !app.state.once }));
    $('clear').addEventListener('click', () => app.go({ ...app.state, host: '', env: '', role: '', tag: '' }));
    $('zoom-out').addEventListener('click', () => app.go(urlState.zoomedOut(app.state, Date.now() / 1000)));
    $('live').addEventListener('click', () => app.toggleLive());
    this.#initCustomRange();
    initMenus();
  }

  #initCustomRange() {
    const app = this.#app, menu = $('custom');
    menu.addEventListener('toggle', () => {
      if (!menu.open) return;
      const to = app.state.to ?? Date.now() / 1000, from = app.state.from ?? to - urlState.spanOf(app.state.range);
      $('custom-from').value = localInput(from);
      $('custom-to').value = localInput(to);
      $('custom-error').textContent = '';
      $('custom-from').focus();
    });
    $('custom-form').addEventListener('submit', (e) => {
      e.preventDefault();
      const from = Date.parse($('custom-from').value) / 1000, to = Date.parse($('custom-to').value) / 1000;
      if (!(to - from >= 10)) {
        $('custom-error').textContent = 'The end must be at least 10 s after the beginning.';
        return;
      }
      menu.open = false;
      app.go({ ...app.state, range: null, from, to });
    });
  }

  /** Lists the dashboards. */
  initDashboards(dashboards) {
    for (const d of dashboards.filter((x) => !x.hidden)) {
      $('dashboards').append(el('a', { 'data-dashboard': d.id, href: '?', onclick: (e) => {
        if (e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
        e.preventDefault();
        this.#app.leave(d.id);
      } }, d.title));
    }
  }

  /** Shows what is chosen on a dashboard. */
  show(dashboard) {
    const { state, live } = this.#app, one = dashboard.id === 'host';
    this.#showRange(state, live);
    $('title').textContent = one && state.host ? state.host : dashboard.title;
    $('question').textContent = (one && this.#aboutHost(state.host)) || dashboard.question;
    const title = one ? state.host || 'Host' : `${state.host ? `${state.host} · ` : ''}${dashboard.title}`;
    document.title = `${title} · Metrics Dashboard`;
    for (const link of $('dashboards').children) {
      const here = link.dataset.dashboard === (one ? 'hosts' : dashboard.id);
      link.toggleAttribute('data-here', here);
      if (link.dataset.dashboard === dashboard.id) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
      link.href = this.#app.linkTo(link.dataset.dashboard);
      if (here) link.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
    this.choosers.metric.element.hidden = !dashboard.metric;
    $('clear').hidden = !urlState.filters.some((f) => state[f]);
    $('once').setAttribute('aria-pressed', String(state.once));
    this.showChoices();
  }

  #showRange(state, live) {
    for (const b of $('ranges').children) b.setAttribute('aria-pressed', String(b.dataset.range === state.range));
    const custom = !urlState.ranges.includes(state.range);
    $('custom-label').textContent = !custom ? 'Custom'
      : state.range ?? `${format.shortMoment(state.from)} – ${format.shortMoment(state.to)}`;
    $('custom-label').classList.toggle('chosen', custom);
    $('live').setAttribute('aria-pressed', String(live));
    $('live').disabled = !state.range;
  }

  /** Role and environment of a host. */
  #aboutHost(host) {
    const found = this.#app.choices.hosts.find((h) => h.host === host);
    return found ? known(found.role, found.env) : '';
  }

  /** Fills the lists to choose from. */
  showChoices() {
    const { state, choices, metrics } = this.#app;
    const unique = (name) => [...new Set(choices.hosts.map((h) => h[name]))].sort().map((v) => [v, v]);
    const hosts = new Map(choices.hosts.map((h) => [h.host, h]));
    this.choosers.host.set([...hosts.values()].map((h) => [h.host, h.host, known(h.role, h.env)]), state.host);
    this.choosers.env.set(unique('env'), state.env);
    this.choosers.role.set(unique('role'), state.role);
    this.choosers.tag.set(choices.tags.map((t) => [`${t.tag}=${t.value}`, `${t.tag} = ${t.value}`, `${t.hosts} ${t.hosts === 1 ? 'host' : 'hosts'}`]), state.tag);
    this.choosers.metric.set(metrics.map((m) => [m.column, m.label]), this.#app.metric()?.column ?? '');
  }
}

/** One menu is open at a time, and none after a click elsewhere. */
function initMenus() {
  document.addEventListener('click', (e) => {
    for (const open of document.querySelectorAll('details.menu[open]')) if (!open.contains(e.target)) open.open = false;
  });
  document.addEventListener('keydown', (e) => {
    const open = e.target.closest?.('details.menu[open]');
    if (e.key === 'Escape' && open) { open.open = false; open.querySelector('summary').focus(); }
  });
}

/** A moment as an input of type datetime-local has it. */
function localInput(seconds) {
  const d = new Date(seconds * 1000);
  return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
