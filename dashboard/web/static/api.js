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

export const dashboards = () => get('/api/dashboards');
export const status = (signal) => get('/api/status', signal);

/** A panel's data, with column(name) and rows() for convenience. */
export async function panel(id, query, signal) {
  const data = await get(`/api/panels/${encodeURIComponent(id)}?${query}`, signal);
  const index = new Map(data.columns.map((c, i) => [c.name, i]));
  data.column = (name) => data.data[index.get(name)] ?? [];
  data.row = (i) => Object.fromEntries(data.columns.map((c, j) => [c.name, data.data[j][i]]));
  return data;
}
