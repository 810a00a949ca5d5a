// The page: it reads the state from the address, shows the dashboard that the state names, and asks for its data.

import * as api from './api.js';
import { Controls } from './controls.js';
import { el } from './dom.js';
import * as format from './format.js';
import { Cost, shortened, showEmpty, showProblems, showStatus } from './notices.js';
import { assign } from './palette.js';
import { Refresh } from './refresh.js';
import { SQLDialog } from './sql.js';
import * as urlState from './state.js';
import { initTheme } from './theme.js';
import { View } from './view.js';

const $ = (id) => document.getElementById(id);

class App {
  state = urlState.parse(location.search);
  metrics = [];
  choices = { hosts: [], tags: [], key: '' }; // what there is to choose from, and for which range

  #dashboards = []; #view = null; #sqlDialog = null; #status = null;
  // The range that was chosen before a dashboard asked for a longer one.
  #preferred = null;
  #controls = new Controls(this);
  #refresh = new Refresh((signal) => this.#load(signal), () => Boolean(this.state.range), showProblems);

  async start() {
    const { dashboards, metrics, refresh_s: refreshS } = await api.dashboards();
    this.#dashboards = dashboards;
    this.metrics = metrics;
    this.#refresh.leastS = refreshS;
    this.#sqlDialog = new SQLDialog(document.body, refreshS > 0 ? 'athena' : 'local'); // only Athena sets a pace
    this.#controls.initDashboards(dashboards);
    initTheme($('theme'), () => this.#view?.redraw());
    addEventListener('popstate', () => { this.state = urlState.parse(location.search); this.#arrive(); });
    this.#arrive();
  }

  // --- where to go ---

  go(next) {
    this.state = next;
    history.pushState(null, '', urlState.toSearch(next));
    this.#arrive();
  }

  filter(name, value) { this.go({ ...this.state, [name]: value }); }

  zoom(from, to) { this.go({ ...this.state, range: null, from: Math.floor(from), to: Math.ceil(Math.max(to, from + 10)) }); }

  openHost(host) { this.#goTowards('host', { host }); }

  /** Goes to a dashboard of the menu. */
  leave(id) { this.#goTowards(id, this.#leavingHost()); }

  linkTo(id) { return urlState.toSearch(this.#towards(id, this.#leavingHost()).next); }

  chooseRange(range) {
    this.#preferred = null;
    this.go({ ...this.state, range, from: null, to: null });
  }

  #goTowards(id, more) {
    const { next, preferred } = this.#towards(id, more);
    this.#preferred = preferred;
    this.go(next);
  }

  /** The state of a dashboard reached from here: a longer range if this one is too short for it, and the chosen one again after it. */
  #towards(id, more) {
    const dashboard = this.#dashboards.find((d) => d.id === id), next = { ...this.state, ...more, dashboard: id };
    let preferred = this.#preferred;
    if (!dashboard?.metric) next.metric = '';
    if (preferred && this.state.range === preferred.instead) next.range = preferred.range;
    if (next.range && dashboard?.span_s > urlState.span(next)) {
      const instead = urlState.ranges.find((r) => urlState.spanOf(r) >= dashboard.span_s);
      preferred = { range: next.range, instead };
      next.range = instead;
    }
    return { next, preferred };
  }

  /** The host that the page of one host is about is no filter elsewhere. */
  #leavingHost() { return this.state.dashboard === 'host' ? { host: '' } : {}; }

  /** Shows what the state says. */
  #arrive() {
    if (this.#view?.dashboard.id !== this.state.dashboard) this.#openDashboard();
    this.#controls.show(this.#view.dashboard);
    this.#refresh.now({ restart: true });
  }

  #openDashboard() {
    const dashboard = this.#dashboards.find((d) => d.id === this.state.dashboard && d.id !== 'filters') ?? this.#dashboards[0];
    this.state.dashboard = dashboard.id;
    this.#view?.dispose();
    this.#view = new View($('content'), dashboard, this);
    $('content').hidden = false;
    $('empty').hidden = true;
    scrollTo(0, 0);
  }

  // --- what panels and controls ask of the page ---

  get live() { return this.#refresh.live; }

  toggleLive() {
    this.#refresh.live = !this.#refresh.live;
    this.#controls.show(this.#view.dashboard);
    this.#refresh.now({ restart: true });
  }

  metric() { return this.metrics.find((m) => m.column === this.state.metric) ?? this.metrics[0]; }

  showSQL(panel) { this.#sqlDialog.open(panel, this.#query()); }

  download(panel, form) {
    const link = el('a', { href: api.download(panel.id, this.#query(), form), download: '' });
    document.body.append(link);
    link.click();
    link.remove();
  }

  #query() { return urlState.toQuery(this.state, Math.max(60, Math.min(600, Math.round(this.#view.width / 2)))); }

  // --- data ---

  async #load(signal) {
    const failed = [], warnings = new Set(), cost = new Cost(), view = this.#view;
    let bucketS;
    const into = async (promise, show, fail = () => {}) => {
      try {
        const data = await promise;
        if (signal.aborted) return;
        if (data.cost) {
          cost.add(data.cost);
          cost.show(this.#status?.spent, this.#refresh.leastS);
        }
        data.warnings?.forEach((w) => warnings.add(w));
        bucketS = data.bucket_s ?? bucketS;
        show(data);
        if (data.panel && !data.panel.startsWith('filters-')) performance.mark('panel'); // for whoever measures the page
      } catch (error) {
        if (signal.aborted) throw error;
        failed.push(error);
        fail(error.message);
      }
    };
    const status = into(api.status(signal), (s) => { this.#status = s; showStatus(s); });
    const [drawn] = await Promise.all([view.load(this.#query(), signal, into, () => this.#loadChoices(signal, into)), status]);
    if (failed.length === 0) view.showLegend(this.state.host);
    showEmpty(this.#isEmpty(drawn, failed), { state: this.state, status: this.#status, hosts: this.choices.hosts, go: (next) => this.go(next) });
    $('updated').textContent = `Updated ${format.clockTime(Date.now())}`;
    cost.show(this.#status?.spent, this.#refresh.leastS);
    return { problems: [...failed, ...shortened([...warnings])], bucketS };
  }

  #isEmpty(drawn, failed) {
    if (failed.length > 0 || !this.#status) return false;
    const filtered = urlState.filters.some((f) => this.state[f]);
    return drawn === 0 || (this.choices.hosts.length === 0 && !filtered && drawn <= 1);
  }

  /** What there is to choose from, which also decides about colours. It depends on the range and is asked for once for each. */
  async #loadChoices(signal, into) {
    const range = { ...this.state, host: '', env: '', role: '', tag: '', metric: '', once: false };
    const key = urlState.toSearch({ ...range, dashboard: 'overview' });
    if (this.choices.key === key && this.choices.hosts.length > 0) return;
    const q = urlState.toQuery(range, 60), next = { hosts: [], tags: [], key };
    await into(api.panel('filters-hosts', q, signal), (data) => {
      next.hosts = data.list();
      assign(data.column('host'));
      assign(data.column('env'), 'env');
      this.choices = next;
      this.#controls.show(this.#view.dashboard);
    });
    // The tags are asked for last: no chart waits for them, and a request that is given up is given up with all else.
    into(api.panel('filters-tags', q, signal), (data) => { next.tags = data.list(); this.#controls.showChoices(); }).catch(() => {});
  }
}

new App().start().catch((error) => {
  showProblems([error]);
  setTimeout(() => location.reload(), 5000);
});
