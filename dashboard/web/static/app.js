// The page. It reads the state from the address, shows the dashboard that the state names, and asks for its data.

/** @import { Choices, ChoicesAnswer, Definitions, Filter, Into, Metric, Panel, State, Status } from '../types.js' */

import * as api from './api.js';
import { Controls } from './controls.js';
import { earlier, nameOf, shiftOf } from './compare.js';
import { $, el } from './dom.js';
import * as format from './format.js';
import { Cost, shortened, showEmpty, showProblems, showStatus, showViewer } from './notices.js';
import { assign } from './palette.js';
import { Refresh } from './refresh.js';
import { SQLDialog } from './sql.js';
import * as urlState from './state.js';
import { initTheme } from './theme.js';
import { View } from './view.js';

/**
 * A dashboard may need a longer time range than the viewer chose. range is the chosen one, instead is the longer one.
 * @typedef {{ range: string, instead: string | undefined }} Preferred
 */

class App {
  state = urlState.parse(location.search);
  /** @type {Metric[]} */
  metrics;
  /** How long after its last sample a silent host is listed, in seconds. */
  forgetS;
  /** When a host has a problem: see the type Rules. */
  rules;
  /** @type {Choices} */
  choices = { hosts: 0, about: '', processes: new Set(), key: '' };
  /** How many hosts may each have a line in a chart. */
  fewHosts;

  #dashboards; #sqlDialog; #controls; #view;
  /** @type {Status | null} */
  #status = null;
  /** @type {Preferred | null} */
  #preferred = null;
  /** How far the server's clock is ahead of the browser's, in seconds. */
  #ahead = 0;
  #refresh = new Refresh((signal) => this.#load(signal), () => this.state.range !== null, showProblems);

  /** @param {Definitions} definitions */
  constructor({ dashboards, metrics, refresh_s: refreshS, forget_s: forgetS, few_hosts: fewHosts, rules, overrides, viewer, signed_in: signedIn, now }) {
    this.#ahead = now - Date.now() / 1000;
    this.#dashboards = dashboards;
    this.metrics = metrics;
    this.forgetS = forgetS;
    this.fewHosts = fewHosts;
    this.rules = { rules, overrides };
    this.#refresh.leastS = refreshS;
    this.#sqlDialog = new SQLDialog(document.body, refreshS > 0 ? 'athena' : 'local'); // only Athena sets a pace
    this.#controls = new Controls(this);
    this.#controls.initDashboards(dashboards);
    this.#view = this.#openDashboard();
    showViewer(viewer, signedIn);
    initTheme($('theme'), () => this.#view.redraw());
    addEventListener('popstate', () => { this.state = urlState.parse(location.search); this.#arrive(); });
    document.addEventListener('keydown', (e) => { if (e.key === 'Escape' && this.state.kiosk) this.go({ ...this.state, kiosk: false }); });
    this.#arrive();
  }

  // --- Choices: each leads to another state. ---

  /** @param {State} next */
  go(next) {
    this.state = next;
    history.pushState(null, '', urlState.toSearch(next));
    this.#arrive();
  }

  /**
   * @param {Filter | 'metric'} name
   * @param {string} value
   */
  filter(name, value) { this.go({ ...this.state, [name]: value }); }

  /** @param {Filter | 'metric'} name */
  chosen(name) { return name === 'metric' ? this.metric().column : this.state[name]; }

  /** @param {string} host */
  pick(host) {
    const { pick } = this.state, others = pick.filter((h) => h !== host);
    this.go({ ...this.state, pick: host === '' ? [] : others.length < pick.length ? others : [...pick, host].slice(-urlState.mostPicked) });
  }

  /** What the viewer chose of the map of the fleet. */
  get map() { return this.state.map; }

  /** @param {string} map */
  chooseMap(map) {
    this.state = { ...this.state, map };
    history.replaceState(null, '', urlState.toSearch(this.state));
    this.#view.redraw();
  }

  /** @param {string} host */
  linkToHost(host) { return urlState.toSearch(this.#towards('host', { host }).next); }

  /**
   * @param {number} from
   * @param {number} to
   */
  zoom(from, to) { this.go({ ...this.state, range: null, from: Math.floor(from), to: Math.ceil(Math.max(to, from + 10)) }); }

  /**
   * Shows an event with the time around it, on the page of its host.
   * @param {string | null} host stays as it is if null
   * @param {number} from
   * @param {number} until
   */
  openTime(host, from, until) {
    const around = Math.max(900, (until - from) / 2), now = Math.ceil(Date.now() / 1000);
    const to = Math.min(Math.ceil(until + around), Math.max(now, Math.ceil(until)));
    const time = { range: null, from: Math.floor(from - around), to };
    this.go({ ...this.state, ...(host === null ? {} : { dashboard: 'host', host, metric: '' }), ...time });
  }

  /**
   * @param {string} host
   * @param {number} [lastTs] is the time of the host's last sample, if it is silent: the page then shows the hour before
   */
  openHost(host, lastTs) {
    if (lastTs === undefined) {
      this.#goTowards('host', { host });
      return;
    }
    this.go({ ...this.state, dashboard: 'host', metric: '', host, range: null, from: Math.floor(lastTs) - 3600, to: Math.ceil(lastTs) + 300 });
  }

  /**
   * Goes to a dashboard of the menu.
   * @param {string} id
   */
  leave(id) { this.#goTowards(id, this.#leavingHost()); }

  /** @param {string} id */
  linkTo(id) { return urlState.toSearch(this.#towards(id, this.#leavingHost()).next); }

  /** @param {string} range */
  chooseRange(range) {
    this.#preferred = null;
    this.go({ ...this.state, range, from: null, to: null });
  }

  /**
   * @param {string} id
   * @param {Partial<Record<Filter, string>>} more
   */
  #goTowards(id, more) {
    const { next, preferred } = this.#towards(id, more);
    this.#preferred = preferred;
    this.go(next);
  }

  /**
   * The state in which a dashboard opens from here. If the time range is too short for the dashboard, it is a longer one; the
   * next dashboard gets back the range that the viewer chose.
   * @param {string} id
   * @param {Partial<Record<Filter, string>>} more
   * @returns {{ next: State, preferred: Preferred | null }}
   */
  #towards(id, more) {
    const dashboard = this.#dashboards.find((d) => d.id === id), spanS = dashboard?.span_s ?? 0;
    const next = { ...this.state, ...more, dashboard: id, metric: dashboard?.metric ? this.state.metric : '',
      process: id === 'processes' ? this.state.process : '' };
    let preferred = this.#preferred;
    if (next.range !== null) {
      if (next.range === preferred?.instead) next.range = preferred.range;
      const instead = urlState.ranges.find((r) => (urlState.spanOf(r) ?? 0) >= spanS);
      if (instead && spanS > urlState.span(next)) {
        preferred = { range: next.range, instead };
        next.range = instead;
      }
    }
    return { next, preferred };
  }

  /** The page of one host filters by that host. Other dashboards do not keep this filter. */
  #leavingHost() { return this.state.dashboard === 'host' ? { host: '' } : {}; }

  /** Shows what the state says. */
  #arrive() {
    if (this.#view.dashboard.id !== this.state.dashboard) {
      this.#view.dispose();
      this.#view = this.#openDashboard();
    }
    format.useUTC(this.state.utc);
    document.body.classList.toggle('kiosk', this.state.kiosk);
    this.#controls.show(this.#view.dashboard);
    this.#refresh.now({ restart: true });
  }

  #openDashboard() {
    const dashboard = this.#dashboards.find((d) => d.id === this.state.dashboard && !d.no_page) ?? this.#dashboards[0];
    this.state.dashboard = dashboard.id;
    $('content').hidden = false;
    $('empty').hidden = true;
    scrollTo(0, 0);
    return new View($('content'), dashboard, this);
  }

  // --- What panels and controls ask of the page. ---

  get live() { return this.#refresh.live; }

  toggleLive() {
    this.#refresh.live = !this.#refresh.live;
    this.#controls.show(this.#view.dashboard);
    this.#refresh.now({ restart: true });
  }

  metric() { return this.metrics.find((m) => m.column === this.state.metric) ?? this.metrics[0]; }

  /** @param {Panel} panel */
  showSQL(panel) { this.#sqlDialog.open(panel, this.#query()); }

  /**
   * @param {Panel} panel
   * @param {'csv' | 'json'} form
   */
  download(panel, form) {
    const link = el('a', { href: api.download(panel.id, this.#query(), form), download: '' });
    document.body.append(link);
    link.click();
    link.remove();
  }

  comparison() { return nameOf(this.state.compare); }

  get #buckets() { return Math.max(60, Math.min(600, Math.round(this.#view.width / 2))); }

  #query() { return urlState.toQuery(this.state, this.#buckets); }

  /** The query of all panels. A range that ends now ends at the same moment in each: so the server can make once what they have in common. */
  #queryOfAll() {
    const q = this.#query();
    if (this.state.range !== null) q.set('at', (Date.now() / 1000 + this.#ahead).toFixed(3));
    return q;
  }

  // --- Data ---

  /** @param {AbortSignal} signal */
  async #load(signal) {
    /** @type {Error[]} */
    const failed = [];
    /** @type {Set<string>} */
    const warnings = new Set();
    const cost = new Cost(), view = this.#view;
    /** @type {number | undefined} */
    let bucketS;
    /** @type {(answer: Promise<any>, show: (data: any) => void, fail?: (message: string) => void) => Promise<void>} */
    const into = async (promise, show, fail = () => {}) => {
      try {
        const data = await promise;
        if (signal.aborted) return;
        if (data.cost) {
          cost.add(data.cost);
          cost.show(this.#status?.spent, this.#refresh.leastS);
        }
        data.warnings?.forEach((/** @type {string} */ w) => warnings.add(w));
        bucketS = data.bucket_s ?? bucketS;
        show(data);
        if (data.panel && !data.panel.startsWith('filters-')) performance.mark('panel'); // for tests that measure the page
      } catch (error) {
        if (signal.aborted || !(error instanceof Error)) throw error;
        failed.push(error);
        fail(error.message);
      }
    };
    const status = into(api.status(signal), (s) => { this.#status = s; this.#ahead = s.now - Date.now() / 1000; showStatus(s); });
    const shift = shiftOf(this.state), before = urlState.toQuery(earlier(this.state, Date.now() / 1000), this.#buckets);
    const compared = shift > 0 ? view.compare(before, shift, signal, into) : view.compareWithNothing();
    const [drawn] = await Promise.all([view.load(this.#queryOfAll(), signal, into, () => this.#loadChoices(into), this.state.host !== ''), status, compared]);
    if (failed.length === 0) view.showLegend(this.state.host);
    view.processes().forEach((name) => this.choices.processes.add(name));
    this.#controls.showChoices();
    showEmpty(this.#isEmpty(drawn, failed), { state: this.state, status: this.#status, hosts: this.choices.hosts, go: (next) => this.go(next) });
    $('updated').textContent = `Updated ${format.clockTime(Date.now())}`;
    cost.show(this.#status?.spent, this.#refresh.leastS);
    const faults = urlState.faults(location.search, this.#dashboards.map((d) => d.id)).map((text) => new Error(text));
    return { problems: [...faults, ...failed, ...shortened([...warnings])], bucketS };
  }

  /**
   * Whether the page has nothing to show.
   * @param {number} drawn is how many rows the panels have
   * @param {Error[]} failed
   */
  #isEmpty(drawn, failed) {
    if (failed.length > 0 || !this.#status) return false;
    const filtered = urlState.filters.some((f) => this.state[f]);
    return drawn === 0 || (this.choices.hosts === 0 && !filtered && drawn <= 1);
  }

  /** The parameters of requests for what there is to choose from: those of the time range. */
  get #choicesQuery() { return urlState.toQuery({ ...this.state, host: '', env: '', role: '', tag: '', process: '', metric: '', once: false, pick: [] }, 60); }

  /**
   * Searches what a filter can be set to.
   * @param {Filter} of
   * @param {string} search
   * @returns {Promise<{ options: [value: string, text: string, note?: string][], found: number }>}
   */
  async search(of, search) {
    const { options, found } = await api.choices(of, this.#choicesQuery, search);
    return { options: options.map(({ value, note }) => [value, of === 'tag' ? value.replace('=', ' = ') : value, note]), found };
  }

  /**
   * Asks how many hosts there are, once for each time range. If they are few, their colours follow from the order of their names.
   * @param {Into} into
   */
  async #loadChoices(into) {
    const { range, from, to, host } = this.state, key = JSON.stringify([range, from, to, host]);
    if (this.choices.key === key && this.choices.hosts > 0) return;
    const query = this.#choicesQuery, next = { ...this.choices, hosts: 0, about: '', key };
    /** @param {Filter} of @param {string} search @param {(answer: ChoicesAnswer) => void} show */
    const ask = (of, search, show) => into(api.choices(of, query, search), show);
    await Promise.all([
      ask('host', '', ({ options, all }) => { next.hosts = all; if (all === options.length) assign(options.map((o) => o.value)); }),
      ask('env', '', ({ options }) => assign(options.map((o) => o.value), 'env')),
      host ? ask('host', host, ({ options }) => { next.about = options.find((o) => o.value === host)?.note ?? ''; }) : null,
    ]);
    this.choices = next;
    this.#controls.show(this.#view.dashboard);
  }
}

try {
  new App(await api.dashboards());
} catch (error) {
  showProblems([/** @type {Error} */ (error)]);
  setTimeout(() => location.reload(), 5000);
}
