// What the viewer chose: dashboard, time range and filters. It lives in the address, so that a link shows the same and Back
// undoes.

export const ranges = ['5m', '15m', '1h', '6h', '24h', '7d', '30d'];
export const filters = ['host', 'env', 'role', 'tag'];
const defaultRange = '15m', defaultDashboard = 'overview';
const units = { s: 1, m: 60, h: 3600, d: 86400 };
const maxSpanS = 400 * 86400;

/** Seconds of a range such as 15m, null where it is none. */
export function spanOf(range) {
  const m = /^(\d{1,8})([smhd])$/.exec(range ?? '');
  if (!m) return null;
  const s = Number(m[1]) * units[m[2]];
  return s >= 10 && s <= maxSpanS ? s : null;
}

/** Seconds that a state shows. */
export const span = (state) => (state.range ? spanOf(state.range) : state.to - state.from);

/** The state that an address holds. What does not make sense gives way to the default. */
export function parse(search) {
  const q = new URLSearchParams(search);
  const state = { dashboard: q.get('dashboard') || defaultDashboard, metric: q.get('metric') ?? '', once: q.get('once') === 'true', from: null, to: null };
  for (const name of filters) state[name] = q.get(name) ?? '';
  if (!state.tag.includes('=')) state.tag = '';
  const from = Date.parse(q.get('from')), to = Date.parse(q.get('to'));
  if (Number.isFinite(from) && Number.isFinite(to) && to - from >= 10_000 && to - from <= maxSpanS * 1000) {
    return { ...state, range: null, from: from / 1000, to: to / 1000 };
  }
  const range = q.get('range');
  return { ...state, range: spanOf(range) === null ? defaultRange : range };
}

export function toSearch(state) {
  const q = new URLSearchParams();
  if (state.dashboard !== defaultDashboard) q.set('dashboard', state.dashboard);
  choices(q, state);
  return `?${q}`;
}

function choices(q, state) {
  if (state.range) {
    q.set('range', state.range);
  } else {
    q.set('from', iso(state.from));
    q.set('to', iso(state.to));
  }
  for (const name of filters) if (state[name]) q.set(name, state[name]);
  if (state.metric) q.set('metric', state.metric);
  if (state.once) q.set('once', 'true');
  return q;
}

/** Milliseconds are shown only where they say something. */
const iso = (s) => new Date(s * 1000).toISOString().replace('.000Z', 'Z');

/** The parameters of a request for data. */
export function toQuery(state, buckets) {
  const q = choices(new URLSearchParams(), state);
  q.set('buckets', String(buckets));
  q.set('offset', String(-60 * new Date((state.to ?? Date.now() / 1000) * 1000).getTimezoneOffset()));
  return q;
}

/** Twice the time, around the same middle or up to now. */
export function zoomedOut(state, now) {
  if (state.range) {
    const wide = Math.min(2 * spanOf(state.range), maxSpanS);
    const wider = ranges.find((r) => spanOf(r) >= wide);
    return { ...state, range: wider ?? `${Math.ceil(wide / 86400)}d` };
  }
  const wide = Math.min(2 * (state.to - state.from), maxSpanS), middle = (state.from + state.to) / 2;
  const to = Math.min(Math.round(middle + wide / 2), Math.max(Math.ceil(now), state.to));
  return { ...state, from: Math.round(to - wide), to };
}
