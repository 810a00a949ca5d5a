// Finding and making elements.

/** @import { Thresholds } from '../types.js' */

import { withoutDomain } from './format.js';

/**
 * The element of index.html with this id.
 * @param {string} id
 */
export function $(id) {
  const e = document.getElementById(id);
  if (!e) throw new Error(`the page has no element ${id}`);
  return e;
}

/**
 * Like $, for a button.
 * @param {string} id
 */
export const button = (id) => /** @type {HTMLButtonElement} */ ($(id));

/**
 * Makes an element. Host names and labels come from machines: they become text, never markup.
 * An attribute on… is a function for that event. An attribute or child that is null or undefined is left out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} attributes
 * @param {(Node | string | null | undefined)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
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

/** A name of so many characters is shown whole. Of a longer one, the last characters stay if there is no room. */
const short = 14, end = 8;

/**
 * A name that is shortened if it does not fit. Names of machines differ at the ends of what stands before their domain. So the domain
 * gives way first, and then the middle of the rest.
 * @param {string} name
 */
export function nameOf(name) {
  if ([...name].length <= short) return el('span', { class: 'host-name' }, name);
  const [first, domain] = withoutDomain(name), letters = [...first], begin = letters.slice(0, -end).join('');
  return el('span', { class: 'host-name cut', title: name }, begin ? el('span', { class: 'cut-begin' }, begin) : null,
    el('span', { class: 'cut-end' }, letters.slice(-end).join('')), domain ? el('span', { class: 'cut-domain' }, domain) : null);
}

/**
 * A mark in the colour of a line, to stand before its name.
 * @param {string} colour
 */
export const dot = (colour) => {
  const e = el('span', { class: 'swatch', 'aria-hidden': 'true' });
  e.style.backgroundColor = colour;
  return e;
};

/**
 * How bad a value is.
 * @param {number | null | undefined} v
 * @param {Thresholds | undefined} thresholds
 * @returns {'ok' | 'warn' | 'bad'}
 */
export function level(v, thresholds) {
  if (!thresholds || v === null || v === undefined) return 'ok';
  return v >= thresholds.critical ? 'bad' : v >= thresholds.warn ? 'warn' : 'ok';
}
