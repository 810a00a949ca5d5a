// The theme, light or dark. The system chooses it until the viewer does.

/** @import { Colours } from '../types.js' */

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
    heat: get('--heat').split(/\s+/), alarm: get('--alarm').split(/\s+/),
  };
}
