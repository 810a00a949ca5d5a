// Messages about the page itself: problems, the age of the newest sample, the cost of queries, and why there is no data.

/** @import { Cost as Charge, State, Status } from '../types.js' */

import { signOut } from './api.js';
import { $, button, el } from './dom.js';
import * as format from './format.js';
import { filters, span } from './state.js';

const mostWarnings = 3;

/**
 * The first warnings as problems, and how many more there are.
 * @param {string[]} warnings
 */
export function shortened(warnings) {
  const first = warnings.slice(0, mostWarnings).map((w) => new Error(w)), more = warnings.length - first.length;
  return more > 0 ? [...first, new Error(`and ${more} more`)] : first;
}

/**
 * Shows problems, or hides the notice if there are none.
 * @param {Error[]} problems
 */
export function showProblems(problems) {
  const messages = new Set(problems.map((p) => (p instanceof TypeError ? 'The server cannot be reached; trying again.' : p.message)));
  $('notice').hidden = messages.size === 0;
  if (messages.size > 0) $('notice').textContent = [...messages].join(' · ');
}

/** @param {Status} status */
export function showStatus(status) {
  const badge = $('lag'), normal = status.delay_s + 15;
  if (status.lag_s === null || status.newest === null) {
    badge.dataset.state = 'unknown';
    $('lag-text').textContent = 'waiting for data';
  } else {
    badge.dataset.state = status.lag_s <= normal ? 'ok' : status.lag_s <= 3 * normal ? 'warn' : 'bad';
    $('lag-text').textContent = `${format.age(status.lag_s)} behind`;
    badge.title = `Newest sample: ${format.moment(status.newest)}. Up to ${format.age(status.delay_s)} is normal here.`;
  }
  $('source').textContent = status.source;
}

/** The cost of one refresh. */
export class Cost {
  #queries = 0; #reused = 0; #bytes = 0; #usd = 0;

  /** @param {Charge} cost */
  add(cost) {
    this.#queries++;
    this.#reused += Number(cost.reused);
    this.#bytes += cost.scanned_bytes;
    this.#usd += cost.usd;
  }

  /**
   * @param {Charge | undefined} spent is the cost of all queries since the server started; undefined if queries are free
   * @param {number} refreshS is the time between two refreshes
   */
  show(spent, refreshS) {
    $('cost').hidden = !spent;
    if (!spent) return;
    const reused = this.#reused > 0 ? ` (${this.#reused} of ${this.#queries} answers reused)` : '';
    $('cost').textContent = `This page: ${format.value(this.#bytes, 'bytes')} scanned, about ${format.usd(this.#usd)}${reused} · `
      + `Since the server started: ${format.usd(spent.usd)}`;
    $('cost').title = `Estimated from list prices. The page refreshes every ${format.age(refreshS)}. The pause button stops that.`;
  }
}

/**
 * Shows either the panels, or why they are empty and a button that helps.
 * @param {boolean} empty
 * @param {{ state: State, status: Status | null, hosts: number, go: (next: State) => void }} page
 */
export function showEmpty(empty, { state, status, hosts, go }) {
  $('empty').hidden = !empty;
  $('content').hidden = empty;
  if (!empty || !status) return;
  const filtered = filters.some((f) => state[f]), action = button('empty-action'), newest = status.newest, nothingAtAll = newest === null;
  action.hidden = nothingAtAll && !filtered;
  if (filtered && (hosts > 0 || nothingAtAll)) {
    const what = filters.filter((f) => state[f]).map((f) => state[f]).join(', ');
    $('empty-title').textContent = `No samples of ${what}`;
    $('empty-text').textContent = 'There are none in this range. The host may be gone, or its name or labels may have changed.';
    action.textContent = 'Show all hosts';
    action.onclick = () => go({ ...state, host: '', env: '', role: '', tag: '', dashboard: state.dashboard === 'host' ? 'hosts' : state.dashboard });
  } else if (nothingAtAll) {
    $('empty-title').textContent = 'No samples yet – waiting for the first';
    $('empty-text').textContent = `The page shows them as soon as a file arrives in ${status.source || 'the lake'}.`;
  } else {
    $('empty-title').textContent = 'No samples in this time range';
    $('empty-text').textContent = `The newest sample is from ${format.moment(newest)}, ${format.age(status.lag_s ?? 0)} ago.`;
    action.textContent = 'Show the time up to that sample';
    action.onclick = () => {
      const to = Math.ceil(newest) + 1;
      go({ ...state, range: null, from: to - span(state), to });
    };
  }
}

/**
 * Says who looks, and lets those sign out who signed in by the form.
 * @param {string} name is empty if unknown
 * @param {boolean} signedIn
 */
export function showViewer(name, signedIn) {
  $('viewer').hidden = !name && !signedIn;
  $('viewer').replaceChildren(name, signedIn ? el('button', { class: 'link', type: 'button', id: 'sign-out', onclick: () => signOut() }, 'Sign out') : '');
}
