// What the page says about itself: problems, how fresh the lake is, what queries cost, and why there is nothing to see.

import * as format from './format.js';
import { filters, span } from './state.js';

const $ = (id) => document.getElementById(id);
const mostWarnings = 3;

/** The first warnings as problems, and how many more there are. The terminal prints more of them. */
export function shortened(warnings) {
  const first = warnings.slice(0, mostWarnings).map((w) => new Error(w)), more = warnings.length - first.length;
  return more > 0 ? [...first, new Error(`and ${more} more`)] : first;
}

/** Shows what went wrong, or hides the notice if nothing did. */
export function showProblems(problems) {
  const messages = new Set(problems.map((p) => (p instanceof TypeError ? 'The server cannot be reached; trying again.' : p.message)));
  $('notice').hidden = messages.size === 0;
  if (messages.size > 0) $('notice').textContent = [...messages].join(' · ');
}

export function showStatus(status) {
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

/** What the answers of one refresh cost. */
export class Cost {
  #queries = 0; #reused = 0; #bytes = 0; #usd = 0;

  add(cost) {
    this.#queries++;
    this.#reused += Number(cost.reused);
    this.#bytes += cost.scanned_bytes;
    this.#usd += cost.usd;
  }

  /** spent is what all queries have cost since the server's start, absent if they are free. */
  show(spent, refreshS) {
    $('cost').hidden = !spent;
    if (!spent) return;
    const reused = this.#reused > 0 ? ` (${this.#reused} of ${this.#queries} answers reused)` : '';
    $('cost').textContent = `This page: ${format.value(this.#bytes, 'bytes')} scanned, about ${format.usd(this.#usd)}${reused} · `
      + `Since its start: ${format.usd(spent.usd)}`;
    $('cost').title = `Estimated by list prices. The page refreshes every ${format.age(refreshS)}; the pause button stops that.`;
  }
}

/** Shows either the panels, or why they are empty and what to do about it. go leads to another state. */
export function showEmpty(empty, { state, status, hosts, go }) {
  $('empty').hidden = !empty;
  $('content').hidden = empty;
  if (!empty) return;
  const filtered = filters.some((f) => state[f]), action = $('empty-action'), nothingAtAll = status.newest === null;
  action.hidden = nothingAtAll && !filtered;
  if (filtered && (hosts.length > 0 || nothingAtAll)) {
    const what = filters.filter((f) => state[f]).map((f) => state[f]).join(', ');
    $('empty-title').textContent = `No samples of ${what}`;
    $('empty-text').textContent = 'There is none in this range. The host may be gone, or its name or labels may have changed.';
    action.textContent = 'Show all hosts';
    action.onclick = () => go({ ...state, host: '', env: '', role: '', tag: '', dashboard: state.dashboard === 'host' ? 'hosts' : state.dashboard });
  } else if (nothingAtAll) {
    $('empty-title').textContent = 'No samples yet – waiting for the first';
    $('empty-text').textContent = `The page fills by itself as soon as a file arrives in ${status.source || 'the lake'}.`;
  } else {
    $('empty-title').textContent = 'No samples in this time range';
    $('empty-text').textContent = `The newest one is from ${format.moment(status.newest)}, ${format.age(status.lag_s)} ago.`;
    action.textContent = 'Show the time up to it';
    action.onclick = () => {
      const to = Math.ceil(status.newest) + 1;
      go({ ...state, range: null, from: to - span(state), to });
    };
  }
}
