// Requests to the server.

/** @import { ChoicesAnswer, Definitions, PanelAnswer, PanelData, Status } from '../types.js' */

/**
 * @param {string} address
 * @param {AbortSignal} [signal]
 */
async function get(address, signal) {
  const response = await fetch(address, { signal, headers: { Accept: 'application/json' } });
  let body;
  try {
    body = await response.json();
  } catch {
    throw new Error(`the server answered ${response.status}`);
  }
  if (response.status === 401 && body.login) {
    location.assign(`${body.login}?${new URLSearchParams({ to: location.search.slice(1) })}`);
    return new Promise(() => {}); // the login form replaces the page
  }
  if (!response.ok) throw new Error(body.error ?? `the server answered ${response.status}`);
  return body;
}

/** @param {string} id */
const path = (id) => `/api/panels/${encodeURIComponent(id)}`;

/** Ends the session of the login form. */
export async function signOut() {
  await fetch('/logout', { method: 'POST' });
  location.assign('/');
}

/** @returns {Promise<Definitions>} */
export const dashboards = () => get('/api/dashboards');

/**
 * @param {AbortSignal} signal
 * @returns {Promise<Status>}
 */
export const status = (signal) => get('/api/status', signal);

/**
 * What a filter can be set to: the first values that a search finds.
 * @param {string} of
 * @param {URLSearchParams} query
 * @param {string} search
 * @returns {Promise<ChoicesAnswer>}
 */
export const choices = (of, query, search) => get(`/api/choices/${of}?${query}&${new URLSearchParams({ search })}`);

/**
 * The SQL of a panel, by form.
 * @param {string} id
 * @param {URLSearchParams} query
 * @returns {Promise<Record<string, string>>}
 */
export const sql = (id, query) => get(`${path(id)}/sql?${query}`);

/**
 * The address from which a panel's data can be downloaded as a file.
 * @param {string} id
 * @param {URLSearchParams} query
 * @param {'csv' | 'json'} format
 */
export const download = (id, query, format) => `${path(id)}/download?${query}&format=${format}`;

/**
 * The data of a panel. A column that the answer lacks is an empty list.
 * @param {string} id
 * @param {URLSearchParams} query
 * @param {AbortSignal} signal
 * @returns {Promise<PanelData>}
 */
export async function panel(id, query, signal) {
  /** @type {PanelAnswer} */
  const answer = await get(`${path(id)}?${query}`, signal);
  const { columns, data, rows } = answer;
  const index = new Map(columns.map((c, i) => [c.name, i]));
  /** @param {number} i */
  const row = (i) => Object.fromEntries(columns.map((c, j) => [c.name, data[j][i]]));
  return {
    ...answer,
    row,
    has: (name) => index.has(name),
    column: (name) => data[index.get(name ?? '') ?? -1] ?? [],
    list: () => Array.from({ length: rows }, (_, i) => row(i)),
  };
}
