// The page: it reads the state from the address, asks for the panels' data, and does so again by itself.

import * as api from './api.js';
import { Choose } from './choose.js';
import { el } from './dom.js';
import * as format from './format.js';
import { assign } from './palette.js';
import { SQLDialog } from './sql.js';
import * as urlState from './state.js';
import { initTheme } from './theme.js';
import { View } from './view.js';

const $ = (id) => document.getElementById(id);
const refreshMinS = 5, refreshMaxS = 60;
// A refresh waits at least this many times as long as the one before it took, so that a large lake is not queried all the time.
const restAfter = 8;

let state = urlState.parse(location.search);
let live = true, timer = 0, running = null, lastBucketS = 0, lastLoadS = 0, lastAt = -Infinity, lastStatus = null;
let dashboards = [], metrics = [], refreshS = 0, view = null, sqlDialog, choices = { hosts: [], tags: [], key: '' };
// The range that was chosen before a dashboard asked for a longer one.
let preferred = null;

// --- choosing ---

function go(next, { replace = false } = {}) {
  state = next;
  history[replace ? 'replaceState' : 'pushState'](null, '', urlState.toSearch(state));
  arrive();
}

/** Shows what the state says. */
function arrive() {
  if (view?.dashboard.id !== state.dashboard) openDashboard();
  showControls();
  refresh({ restart: true });
}

function openDashboard() {
  const dashboard = dashboards.find((d) => d.id === state.dashboard && d.id !== 'filters') ?? dashboards[0];
  state.dashboard = dashboard.id;
  view?.dispose();
  view = new View($('content'), dashboard, page);
  $('content').hidden = false;
  $('empty').hidden = true;
  scrollTo(0, 0);
}

/** The state of a dashboard reached from here: a longer range where this one is too short for it, the chosen one again after it. */
function towards(id, more = {}) {
  const dashboard = dashboards.find((d) => d.id === id), next = { ...state, ...more, dashboard: id };
  if (!dashboard?.metric) next.metric = '';
  if (preferred && state.range === preferred.instead) next.range = preferred.range;
  if (next.range && dashboard?.span_s > urlState.span(next)) {
    const instead = urlState.ranges.find((r) => urlState.spanOf(r) >= dashboard.span_s);
    preferred = { range: next.range, instead };
    next.range = instead;
  }
  return next;
}

const page = {
  openHost: (host) => go(towards('host', { host })),
  filter: (name, value) => go({ ...state, [name]: value }),
  zoom: (from, to) => go({ ...state, range: null, from: Math.floor(from), to: Math.ceil(Math.max(to, from + 10)) }),
  metric: () => metrics.find((m) => m.column === state.metric) ?? metrics[0],
  showSQL: (panel) => sqlDialog.open(panel, query()),
  download: (panel, form) => {
    const link = el('a', { href: api.download(panel.id, query(), form), download: '' });
    document.body.append(link);
    link.click();
    link.remove();
  },
};

const query = () => urlState.toQuery(state, Math.max(60, Math.min(600, Math.round(view.width / 2))));

// --- controls ---

const choosers = {
  host: new Choose('host', 'Host', 'All hosts', (v) => page.filter('host', v)),
  env: new Choose('env', 'Environment', 'All environments', (v) => page.filter('env', v)),
  role: new Choose('role', 'Role', 'All roles', (v) => page.filter('role', v)),
  tag: new Choose('tag', 'Tag', 'All tags', (v) => page.filter('tag', v)),
  metric: new Choose('metric', 'Metric', null, (v) => page.filter('metric', v)),
};

function showControls() {
  for (const b of $('ranges').children) b.setAttribute('aria-pressed', String(b.dataset.range === state.range));
  const custom = !urlState.ranges.includes(state.range);
  $('custom-label').textContent = !custom ? 'Custom'
    : state.range ?? `${format.shortMoment(state.from)} – ${format.shortMoment(state.to)}`;
  $('custom-label').classList.toggle('chosen', custom);
  $('live').setAttribute('aria-pressed', String(live));
  $('live').disabled = !state.range;
  const { dashboard } = view, one = dashboard.id === 'host';
  $('title').textContent = one && state.host ? state.host : dashboard.title;
  $('question').textContent = (one && aboutHost(state.host)) || dashboard.question;
  const title = one ? state.host || 'Host' : `${state.host ? `${state.host} · ` : ''}${dashboard.title}`;
  document.title = `${title} · Metrics Dashboard`;
  for (const link of $('dashboards').children) {
    const here = link.dataset.dashboard === (one ? 'hosts' : dashboard.id);
    link.toggleAttribute('data-here', here);
    if (link.dataset.dashboard === dashboard.id) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
    link.href = urlState.toSearch(towardsPeek(link.dataset.dashboard));
    if (here) link.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }
  choosers.metric.element.hidden = !dashboard.metric;
  $('clear').hidden = !urlState.filters.some((f) => state[f]);
  $('once').setAttribute('aria-pressed', String(state.once));
  showChoices();
}

/** Role and environment of a host. */
function aboutHost(host) {
  const known = choices.hosts.find((h) => h.host === host);
  return known ? [known.role, known.env].filter((x) => x !== '(none)').join(' · ') : '';
}

/** Where a link leads, without remembering that it was gone to. */
function towardsPeek(id) {
  const kept = preferred, next = towards(id, leavingHost());
  preferred = kept;
  return next;
}

/** The host that the page of one host is about is no filter elsewhere. */
const leavingHost = () => (state.dashboard === 'host' ? { host: '' } : {});

function showChoices() {
  const unique = (name) => [...new Set(choices.hosts.map((h) => h[name]))].sort().map((v) => [v, v]);
  const hosts = new Map(choices.hosts.map((h) => [h.host, h]));
  choosers.host.set([...hosts.values()].map((h) => [h.host, h.host, [h.role, h.env].filter((x) => x !== '(none)').join(' · ')]), state.host);
  choosers.env.set(unique('env'), state.env);
  choosers.role.set(unique('role'), state.role);
  choosers.tag.set(choices.tags.map((t) => [`${t.tag}=${t.value}`, `${t.tag} = ${t.value}`, `${t.hosts} ${t.hosts === 1 ? 'host' : 'hosts'}`]), state.tag);
  choosers.metric.set(metrics.map((m) => [m.column, m.label]), page.metric()?.column ?? '');
}

function initControls() {
  for (const range of urlState.ranges) {
    $('ranges').append(el('button', { type: 'button', 'data-range': range, 'aria-pressed': 'false',
      onclick: () => { preferred = null; go({ ...state, range, from: null, to: null }); } }, range));
  }
  for (const c of Object.values(choosers)) $('filters').insertBefore(c.element, $('once'));
  $('once').addEventListener('click', () => go({ ...state, once: !state.once }));
  $('clear').addEventListener('click', () => go({ ...state, host: '', env: '', role: '', tag: '' }));
  const menu = $('custom');
  menu.addEventListener('toggle', () => {
    if (!menu.open) return;
    const to = state.to ?? Date.now() / 1000, from = state.from ?? to - urlState.spanOf(state.range);
    $('custom-from').value = localInput(from);
    $('custom-to').value = localInput(to);
    $('custom-error').textContent = '';
    $('custom-from').focus();
  });
  // One menu at a time, and none after a click elsewhere.
  document.addEventListener('click', (e) => {
    for (const open of document.querySelectorAll('details.menu[open]')) if (!open.contains(e.target)) open.open = false;
  });
  document.addEventListener('keydown', (e) => {
    const open = e.target.closest?.('details.menu[open]');
    if (e.key === 'Escape' && open) { open.open = false; open.querySelector('summary').focus(); }
  });
  $('custom-form').addEventListener('submit', (e) => {
    e.preventDefault();
    const from = Date.parse($('custom-from').value) / 1000, to = Date.parse($('custom-to').value) / 1000;
    if (!(to - from >= 10)) {
      $('custom-error').textContent = 'The end must be at least 10 s after the beginning.';
      return;
    }
    menu.open = false;
    go({ ...state, range: null, from, to });
  });
  $('zoom-out').addEventListener('click', () => go(urlState.zoomedOut(state, Date.now() / 1000)));
  $('live').addEventListener('click', () => { live = !live; showControls(); refresh({ restart: true }); });
  addEventListener('popstate', () => { state = urlState.parse(location.search); arrive(); });
  document.addEventListener('visibilitychange', () => { if (document.hidden) clearTimeout(timer); else if (!running) plan(); });
}

function initMenu() {
  for (const d of dashboards.filter((x) => !x.hidden)) {
    $('dashboards').append(el('a', { 'data-dashboard': d.id, href: '?', onclick: (e) => {
      if (e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
      e.preventDefault();
      go(towards(d.id, leavingHost()));
    } }, d.title));
  }
}

/** A moment as an input of type datetime-local has it. */
function localInput(seconds) {
  const d = new Date(seconds * 1000);
  return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

// --- data ---

/** Asks for everything once and plans the next time. A restart gives up what is under way for what was chosen since. */
async function refresh({ restart = false } = {}) {
  clearTimeout(timer);
  if (running && !restart) return;
  running?.abort();
  const controller = new AbortController();
  running = controller;
  document.body.classList.add('loading');
  try {
    const began = performance.now();
    const failed = await load(controller.signal);
    lastLoadS = (performance.now() - began) / 1000;
    if (running === controller) showProblem(failed);
  } catch (error) {
    if (running === controller && error.name !== 'AbortError') showProblem([error]);
  } finally {
    if (running === controller) {
      running = null;
      lastAt = performance.now();
      document.body.classList.remove('loading');
      document.body.dataset.loaded = String(Number(document.body.dataset.loaded ?? 0) + 1);
      plan();
    }
  }
}

/** Plans the next refresh, for as long after the last one as the range, the lake and the price of queries ask for. */
function plan() {
  clearTimeout(timer);
  if (!live || !state.range || document.hidden) return;
  const wait = Math.max(refreshS, Math.min(refreshMaxS, Math.max(refreshMinS, lastBucketS, restAfter * lastLoadS)));
  timer = setTimeout(refresh, Math.max(0, 1000 * wait - (performance.now() - lastAt)));
}

async function load(signal) {
  const failed = [], warnings = new Set(), cost = { queries: 0, reused: 0, bytes: 0, usd: 0 };
  const into = async (promise, show, fail = () => {}) => {
    try {
      const data = await promise;
      if (signal.aborted) return;
      if (data.cost) showCost(add(cost, data.cost));
      data.warnings?.forEach((w) => warnings.add(w));
      lastBucketS = data.bucket_s ?? lastBucketS;
      show(data);
      if (data.panel && !data.panel.startsWith('filters-')) performance.mark('panel'); // for whoever measures the page
    } catch (error) {
      if (signal.aborted) throw error;
      failed.push(error);
      fail(error.message);
    }
  };
  const [drawn] = await Promise.all([view.load(query(), signal, into, () => loadChoices(signal, into)), into(api.status(signal), showStatus)]);
  if (failed.length === 0) view.showLegend(state.host);
  showEmpty(drawn, failed);
  $('updated').textContent = `Updated ${format.clockTime(Date.now())}`;
  showCost(cost);
  return [...failed, ...shortened([...warnings])];
}

/** The first warnings as problems, and how many more there are. The terminal prints more of them. */
function shortened(warnings) {
  const first = warnings.slice(0, 3).map((w) => new Error(w)), more = warnings.length - first.length;
  return more > 0 ? [...first, new Error(`and ${more} more`)] : first;
}

/** What there is to choose from, which also decides about colours. It depends on the range and is asked for once for each. */
async function loadChoices(signal, into) {
  const range = { ...state, host: '', env: '', role: '', tag: '', metric: '', once: false }, key = urlState.toSearch({ ...range, dashboard: 'overview' });
  if (choices.key === key && choices.hosts.length > 0) return;
  const q = urlState.toQuery(range, 60);
  const next = { hosts: [], tags: [], key };
  await into(api.panel('filters-hosts', q, signal), (data) => {
    next.hosts = data.list();
    assign(data.column('host'));
    assign(data.column('env'), 'env');
    choices = next;
    showControls();
  });
  // The tags are asked for last: no chart waits for them, and a request that is given up is given up with all else.
  into(api.panel('filters-tags', q, signal), (data) => { next.tags = data.list(); showChoices(); }).catch(() => {});
}

// --- showing ---

function showProblem(problems) {
  const notice = $('notice');
  notice.hidden = problems.length === 0;
  if (problems.length === 0) return;
  const messages = [...new Set(problems.map((p) => (p instanceof TypeError ? 'The server cannot be reached; trying again.' : p.message)))];
  notice.textContent = messages.join(' · ');
}

function showStatus(status) {
  lastStatus = status;
  const badge = $('lag'), normal = status.delay_s + 15;
  if (status.lag_s === null) {
    badge.dataset.state = 'unknown';
    $('lag-text').textContent = 'waiting for data';
  } else {
    badge.dataset.state = status.lag_s <= normal ? 'ok' : status.lag_s <= 3 * normal ? 'warn' : 'bad';
    $('lag-text').textContent = `${format.age(status.lag_s)} behind`;
    badge.title = `Newest sample: ${format.moment(status.newest)}. Up to ${format.age(status.delay_s)} is normal here.`;
  }
  $('source').textContent = status.source;
}

/** Adds what an answer of an engine that charges cost. */
function add(sum, cost) {
  sum.queries++;
  sum.reused += Number(cost.reused);
  sum.bytes += cost.scanned_bytes;
  sum.usd += cost.usd;
  return sum;
}

function showCost({ queries, reused, bytes, usd }) {
  const spent = lastStatus?.spent;
  $('cost').hidden = !spent;
  if (!spent) return;
  const page = `${format.value(bytes, 'bytes')} scanned, about ${format.usd(usd)}`;
  $('cost').textContent = `This page: ${page}${reused > 0 ? ` (${reused} of ${queries} answers reused)` : ''} · `
    + `Since its start: ${format.usd(spent.usd)}`;
  $('cost').title = `Estimated by list prices. The page refreshes every ${format.age(refreshS)}; the pause button stops that.`;
}

function showEmpty(drawn, failed) {
  const filtered = urlState.filters.some((f) => state[f]);
  const empty = failed.length === 0 && lastStatus && (drawn === 0 || (choices.hosts.length === 0 && !filtered && drawn <= 1));
  $('empty').hidden = !empty;
  $('content').hidden = Boolean(empty);
  if (!empty) return;
  const action = $('empty-action'), nothingAtAll = lastStatus.newest === null;
  action.hidden = nothingAtAll && !filtered;
  if (filtered && (choices.hosts.length > 0 || nothingAtAll)) {
    const what = urlState.filters.filter((f) => state[f]).map((f) => state[f]).join(', ');
    $('empty-title').textContent = `No samples of ${what}`;
    $('empty-text').textContent = 'There is none in this range. The host may be gone, or its name or labels may have changed.';
    action.textContent = 'Show all hosts';
    action.onclick = () => go({ ...state, host: '', env: '', role: '', tag: '', dashboard: state.dashboard === 'host' ? 'hosts' : state.dashboard });
  } else if (nothingAtAll) {
    $('empty-title').textContent = 'No samples yet – waiting for the first';
    $('empty-text').textContent = `The page fills by itself as soon as a file arrives in ${lastStatus.source || 'the lake'}.`;
  } else {
    $('empty-title').textContent = 'No samples in this time range';
    $('empty-text').textContent = `The newest one is from ${format.moment(lastStatus.newest)}, ${format.age(lastStatus.lag_s)} ago.`;
    action.textContent = 'Show the time up to it';
    action.onclick = () => {
      const to = Math.ceil(lastStatus.newest) + 1;
      go({ ...state, range: null, from: to - urlState.span(state), to });
    };
  }
}

async function start() {
  initControls();
  ({ dashboards, metrics, refresh_s: refreshS } = await api.dashboards());
  sqlDialog = new SQLDialog(document.body, refreshS > 0 ? 'athena' : 'local'); // Athena is what sets a pace
  initMenu();
  initTheme($('theme'), () => view?.redraw());
  arrive();
}

start().catch((error) => {
  showProblem([error]);
  setTimeout(() => location.reload(), 5000);
});
