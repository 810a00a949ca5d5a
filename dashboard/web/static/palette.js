// One colour for each host, the same in all charts and from refresh to refresh; likewise for environments and for the
// values of a panel.

const palette = ['#3b82f6', '#f59e0b', '#10b981', '#ef4444', '#8b5cf6', '#06b6d4', '#ec4899', '#84cc16', '#f97316', '#14b8a6',
  '#a78bfa', '#eab308'];
const dashes = ['solid', 'dashed', 'dotted'];
const places = { host: new Map(), env: new Map() };

/** Gives places to hosts in the order of their names; those that have one keep it. */
export function assign(names, by = 'host') {
  for (const name of [...names].sort()) if (!places[by].has(name)) places[by].set(name, places[by].size);
}

export function styleOf(name, by = 'host') {
  const known = places[by] ?? places.host;
  if (!known.has(name)) known.set(name, known.size);
  const i = known.get(name);
  return { colour: palette[i % palette.length], dash: dashes[Math.floor(i / palette.length) % dashes.length] };
}

/** The colour of a panel's i-th value. */
export const valueColour = (i) => palette[i % palette.length];
