// What the viewer chose: time range and host. It lives in the address, so that a link shows the same and Back undoes.

export const ranges = ['5m', '15m', '1h', '6h', '24h', '7d'];
const defaultRange = '15m';
const units = { s: 1, m: 60, h: 3600, d: 86400 };
const maxSpanS = 400 * 86400;

/** Seconds of a range such as 15m, null where it is none. */
export function spanOf(range) {
  const m = /^(\d{1,8})([smhd])$/.exec(range ?? '');
  if (!m) return null;
  const s = Number(m[1]) * units[m[2]];
  return s >= 10 && s <= maxSpanS ? s : null;
}

/** The state that an address holds. What does not make sense gives way to the default. */
export function parse(search) {
  const q = new URLSearchParams(search);
  const host = q.get('host') ?? '';
  const from = Date.parse(q.get('from')), to = Date.parse(q.get('to'));
  if (Number.isFinite(from) && Number.isFinite(to) && to - from >= 10_000 && to - from <= maxSpanS * 1000) {
    return { range: null, from: from / 1000, to: to / 1000, host };
  }
  const range = q.get('range');
  return { range: spanOf(range) === null ? defaultRange : range, from: null, to: null, host };
}

export function toSearch(state) {
  const q = new URLSearchParams();
  if (state.range) {
    q.set('range', state.range);
  } else {
    q.set('from', iso(state.from));
    q.set('to', iso(state.to));
  }
  if (state.host) q.set('host', state.host);
  return `?${q}`;
}

/** Milliseconds are shown only where they say something. */
const iso = (s) => new Date(s * 1000).toISOString().replace('.000Z', 'Z');

/** The parameters of a request for data. */
export function toQuery(state, buckets) {
  const q = new URLSearchParams(toSearch(state));
  q.set('buckets', String(buckets));
  return q;
}

/** Twice the time, around the same middle or up to now. */
export function zoomedOut(state, now) {
  if (state.range) {
    const span = Math.min(2 * spanOf(state.range), maxSpanS);
    const wider = ranges.find((r) => spanOf(r) >= span);
    return { ...state, range: wider ?? `${Math.ceil(span / 86400)}d` };
  }
  const span = Math.min(2 * (state.to - state.from), maxSpanS), middle = (state.from + state.to) / 2;
  const to = Math.min(Math.round(middle + span / 2), Math.max(Math.ceil(now), state.to));
  return { ...state, from: Math.round(to - span), to };
}
