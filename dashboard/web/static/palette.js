// Colours. A host has the same colour in all charts and after each refresh, and so has an environment or a process.

// Red and amber are not in it: they say that something is wrong. Neighbours differ in hue, and each is to be read in light and dark.
const palette = ['#3b82f6', '#10b981', '#8b5cf6', '#06b6d4', '#d946ef', '#65a30d', '#6366f1', '#2dd4bf', '#ec4899', '#0284c7',
  '#a78bfa', '#15803d'];
/** The name of what is summed up besides the first names. */
export const others = '(others)';
const dashes = ['solid', 'dashed', 'dotted'];
/** @type {Record<string, Map<string, number>>} */
const places = { host: new Map(), env: new Map() }; // by dimension

/**
 * Gives places in the palette to names in alphabetical order. A name that has a place keeps it.
 * @param {string[]} names
 * @param {'host' | 'env'} by
 */
export function assign(names, by = 'host') {
  for (const name of [...names].sort()) if (!places[by].has(name)) places[by].set(name, places[by].size);
}

/**
 * The colour and the dashes of a name.
 * @param {string} name
 * @param {string} by
 */
export function styleOf(name, by = 'host') {
  const known = (places[by] ??= new Map());
  if (!known.has(name)) known.set(name, known.size);
  return styleAt(known.get(name) ?? 0);
}

/** @param {number} i */
const styleAt = (i) => ({ colour: palette[i % palette.length], dash: dashes[Math.floor(i / palette.length) % dashes.length] });

/**
 * The styles of the names of one chart. A name keeps its own colour and dashes, unless an earlier name of the chart has both.
 * @param {Iterable<string>} names
 * @param {string} by
 * @param {boolean} dashed says that lines are drawn. Areas have no dashes, and each needs a colour of its own.
 */
export function stylesOf(names, by = 'host', dashed = true) {
  /** @type {Map<string, { colour: string, dash: string }>} */
  const styles = new Map(), taken = new Set(), all = palette.length * (dashed ? dashes.length : 1);
  for (const name of names) {
    styleOf(name, by); // gives it a place
    let i = places[by].get(name) ?? 0;
    for (let n = 0; n < all && taken.has(i % all); n++) i++;
    taken.add(i % all);
    styles.set(name, styleAt(i));
  }
  return styles;
}

/**
 * The colour of a panel's i-th value.
 * @param {number} i
 */
export const valueColour = (i) => palette[i % palette.length];
