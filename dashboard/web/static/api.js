// Requests to the server.

async function get(path, signal) {
  const response = await fetch(path, { signal, headers: { Accept: 'application/json' } });
  let body;
  try {
    body = await response.json();
  } catch {
    throw new Error(`the server answered ${response.status}`);
  }
  if (!response.ok) throw new Error(body.error ?? `the server answered ${response.status}`);
  return body;
}

const path = (id) => `/api/panels/${encodeURIComponent(id)}`;

export const dashboards = () => get('/api/dashboards');
export const status = (signal) => get('/api/status', signal);
export const sql = (id, query) => get(`${path(id)}/sql?${query}`);

/** Where a panel's data is to be had as a file. */
export const download = (id, query, format) => `${path(id)}/download?${query}&format=${format}`;

/** A panel's data, with column(name), row(i) and list() for convenience. */
export async function panel(id, query, signal) {
  const data = await get(`${path(id)}?${query}`, signal);
  const index = new Map(data.columns.map((c, i) => [c.name, i]));
  data.has = (name) => index.has(name);
  data.column = (name) => data.data[index.get(name)] ?? [];
  data.row = (i) => Object.fromEntries(data.columns.map((c, j) => [c.name, data.data[j][i]]));
  data.list = () => Array.from({ length: data.rows }, (_, i) => data.row(i));
  return data;
}
