// The theme, light or dark. The system chooses it until the viewer does.

/** @import { Colours, Thresholds } from '../types.js' */

const system = matchMedia('(prefers-color-scheme: dark)');

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : system.matches;
}

/**
 * Lets the button switch the theme.
 * @param {HTMLElement} button
 * @param {() => void} changed is called after each change
 */
export function initTheme(button, changed) {
  const show = () => {
    document.documentElement.classList.toggle('dark', isDark());
    changed();
  };
  button.addEventListener('click', () => {
    const next = isDark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem('theme', next); } catch { /* storage may be off: the choice holds for this page only */ }
    show();
  });
  system.addEventListener('change', show);
  document.documentElement.classList.toggle('dark', isDark());
}

/**
 * The colours that charts need, from the style sheet.
 * @returns {Colours}
 */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  /** @param {string} name */
  const get = (name) => style.getPropertyValue(name).trim();
  return {
    text: get('--text'), muted: get('--muted'), line: get('--line'), surface: get('--surface'), accent: get('--accent'),
    ok: get('--ok'), warn: get('--warn'), bad: get('--bad'), mapOk: get('--map-ok'),
    font: getComputedStyle(document.body).fontFamily,
    heat: get('--heat').split(/\s+/),
  };
}

/**
 * The colours of values from low to high, in equal steps. Amber and red are for values that are a warning or critical, and for no others.
 * @param {Colours} c
 * @param {Thresholds | undefined} thresholds
 * @param {number} low
 * @param {number} high
 * @returns {string[]}
 */
export function ramp(c, thresholds, low, high) {
  if (!thresholds) return c.heat;
  const calm = c.heat.slice(0, 4), steps = 100; // the strongest colours would look worse than amber
  return Array.from({ length: steps + 1 }, (_, i) => {
    const v = low + ((high - low) * i) / steps;
    return v >= thresholds.critical ? c.bad : v >= thresholds.warn ? c.warn : shade(calm, (v - low) / (thresholds.warn - low));
  });
}

/**
 * The colour at a part of a list of colours.
 * @param {string[]} list
 * @param {number} part is from 0 to 1
 */
export function shade(list, part) {
  const at = part * (list.length - 1), i = Math.min(list.length - 2, Math.floor(at));
  return mixed(list[i], list[i + 1], at - i);
}

/**
 * A colour between two others, each as #rrggbb.
 * @param {string} from
 * @param {string} to
 * @param {number} part
 */
function mixed(from, to, part) {
  const channel = (/** @type {string} */ colour, /** @type {number} */ i) => parseInt(colour.slice(1 + 2 * i, 3 + 2 * i), 16);
  return `#${[0, 1, 2].map((i) => Math.round(channel(from, i) * (1 - part) + channel(to, i) * part).toString(16).padStart(2, '0')).join('')}`;
}
