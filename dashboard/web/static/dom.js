// Making elements. Text goes in as text: host names and labels come from machines and are never markup.

export function el(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, v] of Object.entries(attributes)) {
    if (v === null || v === undefined || v === false) continue;
    if (name === 'class') e.className = v;
    else if (name.startsWith('on')) e.addEventListener(name.slice(2), v);
    else e.setAttribute(name, v === true ? '' : v);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}

export const dot = (colour) => {
  const e = el('span', { class: 'swatch', 'aria-hidden': 'true' });
  e.style.backgroundColor = colour;
  return e;
};

/** ok, warn or bad, by the thresholds of a value. */
export function level(v, thresholds) {
  if (!thresholds || v === null || v === undefined) return 'ok';
  return v >= thresholds.critical ? 'bad' : v >= thresholds.warn ? 'warn' : 'ok';
}
