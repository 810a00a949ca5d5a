// One colour for each host, the same in all charts and from refresh to refresh.

const palette = ['#3b82f6', '#f59e0b', '#10b981', '#ef4444', '#8b5cf6', '#06b6d4', '#ec4899', '#84cc16', '#f97316', '#14b8a6',
  '#a78bfa', '#eab308'];
const dashes = ['solid', 'dashed', 'dotted'];
const places = new Map();

/** Gives places to hosts in the order of their names; those that have one keep it. */
export function assign(hosts) {
  for (const host of [...hosts].sort()) if (!places.has(host)) places.set(host, places.size);
}

export function styleOf(host) {
  if (!places.has(host)) places.set(host, places.size);
  const i = places.get(host);
  return { colour: palette[i % palette.length], dash: dashes[Math.floor(i / palette.length) % dashes.length] };
}
