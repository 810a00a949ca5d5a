// The page: it reads the state from the address, asks for the panels' data, and does so again by itself.

import * as api from './api.js';
import { el, dot } from './dom.js';
import * as format from './format.js';
import { assign, styleOf } from './hosts-palette.js';
import { HostsTable } from './hosts-table.js';
import { LinesPanel } from './lines.js';
import * as urlState from './state.js';
import { initTheme } from './theme.js';
import { Tiles } from './tiles.js';

const $ = (id) => document.getElementById(id);
const refreshMinS = 5, refreshMaxS = 60;
// A refresh waits at least this many times as long as the one before it took, so that a large lake is not queried all the time.
const restAfter = 8;

let state = urlState.parse(location.search);
let live = true, timer = 0, running = null, lastBucketS = 0, lastLoadS = 0, lastStatus = null, lines = [], tiles, table, panels;

// --- choosing ---

function go(next, { replace = false } = {}) {
  state = next;
  history[replace ? 'replaceState' : 'pushState'](null, '', urlState.toSearch(state));
  showControls();
  refresh({ restart: true });
}

const chooseHost = (host) => go({ ...state, host: state.host === host ? '' : host });

function showControls() {
  for (const b of $('ranges').children) b.setAttribute('aria-pressed', String(b.dataset.range === state.range));
  const custom = !urlState.ranges.includes(state.range);
  $('custom-label').textContent = !custom ? 'Custom'
    : state.range ?? `${format.shortMoment(state.from)} – ${format.shortMoment(state.to)}`;
  $('custom-label').classList.toggle('chosen', custom);
  $('live').setAttribute('aria-pressed', String(live));
  $('live').disabled = !state.range;
  document.title = `${state.host ? `${state.host} · ` : ''}Overview · Metrics Dashboard`;
}

function initControls() {
  for (const range of urlState.ranges) {
    $('ranges').append(el('button', { type: 'button', 'data-range': range, 'aria-pressed': 'false',
      onclick: () => go({ ...state, range, from: null, to: null }) }, range));
  }
  const menu = $('custom');
  menu.addEventListener('toggle', () => {
    if (!menu.open) return;
    const to = state.to ?? Date.now() / 1000, from = state.from ?? to - urlState.spanOf(state.range);
    $('custom-from').value = localInput(from);
    $('custom-to').value = localInput(to);
    $('custom-error').textContent = '';
    $('custom-from').focus();
  });
  document.addEventListener('click', (e) => { if (menu.open && !menu.contains(e.target)) menu.open = false; });
  menu.addEventListener('keydown', (e) => {
    if (e.key === 'Escape') { menu.open = false; $('custom-label').focus(); }
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
  addEventListener('popstate', () => { state = urlState.parse(location.search); showControls(); refresh({ restart: true }); });
  document.addEventListener('visibilitychange', () => { if (document.hidden) clearTimeout(timer); else refresh({ restart: true }); });
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
      document.body.classList.remove('loading');
      document.body.dataset.loaded = String(Number(document.body.dataset.loaded ?? 0) + 1);
      plan();
    }
  }
}

function plan() {
  if (!live || !state.range || document.hidden) return;
  timer = setTimeout(refresh, 1000 * Math.min(refreshMaxS, Math.max(refreshMinS, lastBucketS, restAfter * lastLoadS)));
}

async function load(signal) {
  const query = urlState.toQuery(state, Math.max(60, Math.min(600, Math.round((lines[0].width || 600) / 2))));
  const one = (id) => api.panel(id, query, signal);
  const failed = [], warnings = new Set();
  const into = async (promise, show, fail = () => {}) => {
    try {
      const data = await promise;
      data.warnings?.forEach((w) => warnings.add(w));
      show(data);
      return data;
    } catch (error) {
      if (signal.aborted) throw error;
      failed.push(error);
      fail(error.message);
      return null;
    }
  };
  // The table first: it decides which host has which colour.
  const seen = await into(one('overview-last-seen'), (data) => {
    assign(data.column('host'));
    table.show(data, state.host);
    const silent = data.column('silent').filter(Boolean).length;
    $('hosts-note').textContent = data.rows === 0 ? '' : `${data.rows} in the last day${silent ? `, ${silent} silent` : ''}`;
  });
  const drawn = new Set();
  await Promise.all([
    into(api.status(signal), showStatus),
    into(one('overview-fleet'), (data) => tiles.showFleet(data)),
    into(one('overview-now'), (data) => tiles.showNow(data)).then(() => into(one('overview-trend'), (data) => tiles.showTrend(data))),
    ...lines.map((l) => into(one(l.id), (data) => {
      lastBucketS = data.bucket_s;
      l.panel.show(data).forEach((host) => drawn.add(host));
    }, (message) => l.panel.fail(message))),
  ]);
  if (failed.length === 0) showLegend(drawn);
  showEmpty(seen, drawn, failed);
  $('updated').textContent = `Updated ${format.clockTime(Date.now())}`;
  if (failed.length === 0 && warnings.size > 0) return [new Error([...warnings].slice(0, 3).join('; '))];
  return failed;
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

function showEmpty(seen, drawn, failed) {
  const empty = failed.length === 0 && lastStatus && drawn.size === 0;
  const nothingAtAll = empty && lastStatus.newest === null;
  $('empty').hidden = !empty;
  $('content').hidden = Boolean(nothingAtAll) || Boolean(empty && seen?.rows === 0);
  if (!empty) return;
  const action = $('empty-action');
  action.hidden = nothingAtAll && !state.host;
  if (state.host && seen?.rows === 0) {
    $('empty-title').textContent = `No samples of ${state.host}`;
    $('empty-text').textContent = 'There is none in this range. The host may be gone, or its name may have changed.';
    action.textContent = 'Show all hosts';
    action.onclick = () => go({ ...state, host: '' });
  } else if (nothingAtAll) {
    $('empty-title').textContent = 'No samples yet – waiting for the first';
    $('empty-text').textContent = `The page fills by itself as soon as a file arrives in ${lastStatus.source || 'the lake'}.`;
  } else {
    $('empty-title').textContent = 'No samples in this time range';
    $('empty-text').textContent = `The newest one is from ${format.moment(lastStatus.newest)}, ${format.age(lastStatus.lag_s)} ago.`;
    action.textContent = 'Show the 15 minutes up to it';
    action.onclick = () => go({ ...state, range: null, from: Math.floor(lastStatus.newest) - 900, to: Math.ceil(lastStatus.newest) + 1 });
  }
}

function showLegend(hosts) {
  const legend = $('legend'), names = [...hosts].sort();
  legend.hidden = names.length < 2 && !state.host;
  legend.replaceChildren(...names.map((host) => el('button', {
    type: 'button', class: 'chip', 'aria-pressed': String(host === state.host), title: host === state.host ? 'Show all hosts' : `Show ${host} alone`,
    onclick: () => chooseHost(host),
    onpointerenter: () => lines.forEach((l) => l.panel.highlight(host)), onpointerleave: () => lines.forEach((l) => l.panel.highlight(null)),
  }, dot(styleOf(host).colour), host)));
  if (state.host) legend.append(el('button', { type: 'button', class: 'chip all', onclick: () => chooseHost(state.host) }, '× all hosts'));
}

function zoom(from, to) {
  if (to - from < 10) to = from + 10;
  go({ ...state, range: null, from: Math.floor(from), to: Math.ceil(to) });
}

async function start() {
  initControls();
  showControls();
  const { dashboards } = await api.dashboards();
  panels = new Map(dashboards[0].panels.map((p) => [p.id, p]));
  tiles = new Tiles($('tiles'), { now: panels.get('overview-now') }, chooseHost);
  table = new HostsTable(panels.get('overview-last-seen'), $('hosts'), chooseHost);
  $('hosts-question').textContent = panels.get('overview-last-seen').question;
  for (const p of panels.values()) {
    if (p.kind !== 'lines') continue;
    const panel = new LinesPanel(p, zoom);
    $('charts').append(panel.element);
    lines.push({ id: p.id, panel });
  }
  tiles.mount();
  lines.forEach((l) => l.panel.mount());
  initTheme($('theme'), () => { tiles.redraw(); lines.forEach((l) => l.panel.redraw()); });
  await refresh();
}

start().catch((error) => {
  showProblem([error]);
  setTimeout(() => location.reload(), 5000);
});
