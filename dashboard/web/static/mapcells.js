// The cells of a map on the screen: one canvas for each block, because thousands of elements would make the page slow. One cell has an
// element, a link that lies over it. The keyboard and screen readers go from cell to cell by it.

/** @import { Colours, Row } from '../types.js' */

import { el } from './dom.js';

/**
 * @typedef {{ host: string, row: Row, state: string, value: number | null, fill: string }} Cell
 * @typedef {{ title: string, cells: Cell[] }} Block
 * @typedef {{ blocks: Block[], size: number, width: number, colours: Colours }} Layout
 * @typedef {object} Owner what the cells ask of the map
 * @property {(cell: Cell) => void} open
 * @property {(cell: Cell) => string} link is the address of the page of a cell's host
 * @property {(cell: Cell) => string} describe is a text for screen readers
 * @property {(cell: Cell) => HTMLElement} tip
 */

/** A block as it is drawn. */
class Drawn {
  title = el('span');
  count = el('span', { class: 'count' });
  canvas = el('canvas', { 'aria-hidden': 'true' });
  element = el('section', { class: 'map-block' }, el('h3', {}, this.title, ' ', this.count), el('div', { class: 'map-cells' }, this.canvas));
  /** @type {Cell[]} */
  cells = [];
  columns = 1;
}

const gap = 2, least = 6, most = 26;

/**
 * The length of a cell's side in pixels, with the gap, for so many cells in an area of this width.
 * @param {number} cells
 * @param {number} width
 */
export const cellSize = (cells, width) => Math.max(least, Math.min(most, Math.floor(Math.sqrt((width * 260) / Math.max(1, cells)))));

export class Cells {
  #owner; #layout = /** @type {Layout | null} */ (null);
  /** @type {Drawn[]} */
  #blocks = [];
  #tip = el('div', { class: 'tip map-tip', hidden: true });
  // Two links take turns: a screen reader reads a link when it gets the focus.
  #links = [el('a', { class: 'map-link', tabindex: '0' }), el('a', { class: 'map-link', hidden: true })];
  /** The cell under the link. @type {string | null} */
  #at = null;
  /** The host whose tooltip a finger opened. @type {string | null} */
  #tapped = null;
  #pointer = 'mouse';
  #disposed = new AbortController();
  #typed = { text: '', at: 0 };

  /** @param {Owner} owner */
  constructor(owner) {
    this.#owner = owner;
    this.element = el('div', { class: 'map', role: 'group' }, this.#tip);
    this.element.addEventListener('pointerdown', (e) => { this.#pointer = e.pointerType; });
    this.element.addEventListener('pointermove', (e) => { if (e.pointerType !== 'touch') this.#hover(e); });
    this.element.addEventListener('pointerleave', (e) => { if (e.pointerType !== 'touch') this.#hideTip(); });
    this.element.addEventListener('click', (e) => this.#click(e));
    this.element.addEventListener('keydown', (e) => this.#key(e));
    this.element.addEventListener('focusin', (e) => { if (e.target instanceof Element && e.target.matches('.map-link:focus-visible')) this.#showTip(); });
    this.element.addEventListener('focusout', () => this.#hideTip());
    document.addEventListener('pointerdown', (e) => { if (e.target instanceof Node && !this.element.contains(e.target)) this.#hideTip(); },
      { signal: this.#disposed.signal });
  }

  dispose() { this.#disposed.abort(); }

  /** @param {string} text */
  name(text) { this.element.setAttribute('aria-label', text); }

  /** @param {Layout} layout */
  show(layout) {
    this.#layout = layout;
    while (this.#blocks.length > layout.blocks.length) this.#blocks.pop()?.element.remove();
    while (this.#blocks.length < layout.blocks.length) this.#blocks.push(new Drawn());
    layout.blocks.forEach((block, i) => this.#draw(this.#blocks[i], block, layout));
    const elements = this.#blocks.map((b) => b.element);
    if (elements.some((e) => e.parentNode !== this.element)) this.element.prepend(...elements);
    this.#place(this.#find(this.#at) ?? [this.#blocks[0], 0], false);
    if (!this.#tip.hidden) this.#showTip();
  }

  /**
   * @param {Drawn} drawn
   * @param {Block} block
   * @param {Layout} layout
   */
  #draw(drawn, { title, cells }, { size, width, colours: c, blocks }) {
    const room = Math.max(1, Math.floor(width / size));
    // A block is wide enough for its title, and about three times as wide as high. A block alone takes all the room.
    drawn.columns = blocks.length === 1 ? Math.min(room, cells.length) : Math.min(room, Math.max(Math.ceil(Math.sqrt(3 * cells.length)), Math.ceil(110 / size)));
    drawn.cells = cells;
    drawn.title.textContent = title;
    drawn.title.parentElement?.toggleAttribute('hidden', title === '');
    const bad = cells.filter((x) => x.state === 'bad' || x.state === 'silent').length, hosts = `${cells.length.toLocaleString('en')} ${cells.length === 1 ? 'host' : 'hosts'}`;
    drawn.count.textContent = bad > 0 ? `${hosts}, ${bad} critical or silent` : hosts;
    const { canvas } = drawn, high = Math.ceil(cells.length / drawn.columns) * size, wide = drawn.columns * size, ratio = devicePixelRatio || 1;
    Object.assign(canvas, { width: Math.round(wide * ratio), height: Math.round(high * ratio) });
    Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    pen.scale(ratio, ratio);
    const side = size - (size > 8 ? gap : 1);
    cells.forEach((cell, i) => paint(pen, cell, (i % drawn.columns) * size, Math.floor(i / drawn.columns) * size, side, c));
  }

  /**
   * The block and the index of a host's cell.
   * @param {string | null} host
   * @returns {[Drawn, number] | null}
   */
  #find(host) {
    if (host === null) return null;
    for (const block of this.#blocks) {
      const i = block.cells.findIndex((cell) => cell.host === host);
      if (i >= 0) return [block, i];
    }
    return null;
  }

  /**
   * Puts the link over a cell.
   * @param {[Drawn, number]} place
   * @param {boolean} focus says whether the viewer went there
   */
  #place([block, i], focus) {
    const cell = block?.cells[i], size = this.#layout?.size ?? 0;
    if (!cell) return;
    if (focus) this.#links.reverse();
    const [link, other] = this.#links;
    link.href = this.#owner.link(cell);
    link.setAttribute('aria-label', this.#owner.describe(cell));
    link.dataset.host = cell.host;
    Object.assign(link.style, { left: `${(i % block.columns) * size}px`, top: `${Math.floor(i / block.columns) * size}px`,
      width: `${size}px`, height: `${size}px` });
    link.hidden = false;
    const host = block.canvas.parentElement;
    if (host && link.parentNode !== host) {
      const focused = document.activeElement === link;
      host.append(link);
      if (focused) link.focus({ preventScroll: true });
    }
    this.#at = cell.host;
    if (!focus) return;
    link.focus();
    other.hidden = true;
    this.#showTip();
  }

  /**
   * The block and the index of the cell under the pointer.
   * @param {MouseEvent} e
   * @returns {[Drawn, number] | null}
   */
  #under(e) {
    const size = this.#layout?.size ?? 1;
    for (const block of this.#blocks) {
      const box = block.canvas.getBoundingClientRect(), x = Math.floor((e.clientX - box.left) / size), y = Math.floor((e.clientY - box.top) / size);
      if (x < 0 || x >= block.columns || y < 0 || e.clientY >= box.bottom) continue;
      const i = y * block.columns + x;
      return i < block.cells.length ? [block, i] : null;
    }
    return null;
  }

  /** @param {PointerEvent} e */
  #hover(e) {
    if (e.target instanceof Node && this.#tip.contains(e.target)) return;
    const place = this.#under(e);
    if (!place) { this.#hideTip(); return; }
    if (place[0].cells[place[1]].host === this.#at && !this.#tip.hidden) return;
    this.#place(place, false);
    this.#showTip();
  }

  /**
   * A click opens a host. The first tap of a finger shows the tooltip and keeps it; the next one on the same cell opens the host.
   * @param {MouseEvent} e
   */
  #click(e) {
    if (e.target instanceof Node && this.#tip.contains(e.target)) return;
    const place = e.detail === 0 ? this.#find(this.#at) : this.#under(e); // Enter on the link has no place
    if (!place) return;
    if (e.ctrlKey || e.metaKey || e.shiftKey) return; // the link opens a tab
    e.preventDefault();
    const cell = place[0].cells[place[1]];
    if (this.#pointer === 'touch' && e.detail !== 0 && this.#tapped !== cell.host) {
      this.#place(place, false);
      this.#showTip();
      this.#tapped = cell.host;
      return;
    }
    this.#owner.open(cell);
  }

  #hideTip() {
    this.#tip.hidden = true;
    this.#tapped = null;
  }

  #showTip() {
    const place = this.#find(this.#at);
    if (!place) { this.#hideTip(); return; }
    this.#tip.replaceChildren(this.#owner.tip(place[0].cells[place[1]]));
    this.#tip.hidden = false;
    const cell = this.#links[0].getBoundingClientRect(), all = this.element.getBoundingClientRect(), size = this.#tip.getBoundingClientRect();
    const left = Math.max(all.left, Math.min(cell.right + 10, all.right - size.width));
    const covers = left < cell.right && left + size.width > cell.left, above = cell.top - size.height - 8;
    const top = covers ? (above > 0 ? above : cell.bottom + 8) : cell.top;
    Object.assign(this.#tip.style, { left: `${left - all.left}px`, top: `${top - all.top}px` });
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    if (e.key === 'Escape') { this.#hideTip(); return; }
    const place = this.#find(this.#at);
    if (!place || e.ctrlKey || e.metaKey || e.altKey) return;
    const next = e.key.length === 1 && e.key !== ' ' ? this.#named(e.key) : this.#beside(place, e.key);
    if (!next) return;
    e.preventDefault();
    this.#place(next, true);
  }

  /**
   * Where a key leads to from a cell.
   * @param {[Drawn, number]} place
   * @param {string} key
   * @returns {[Drawn, number] | null}
   */
  #beside([block, i], key) {
    const at = this.#blocks.indexOf(block), before = this.#blocks[at - 1], after = this.#blocks[at + 1], last = block.cells.length - 1;
    switch (key) {
      case 'ArrowRight': return i < last ? [block, i + 1] : after ? [after, 0] : null;
      case 'ArrowLeft': return i > 0 ? [block, i - 1] : before ? [before, before.cells.length - 1] : null;
      case 'ArrowDown': return i + block.columns <= last ? [block, i + block.columns] : after ? [after, 0] : [block, last];
      case 'ArrowUp': return i >= block.columns ? [block, i - block.columns] : before ? [before, before.cells.length - 1] : [block, 0];
      case 'Home': return [this.#blocks[0], 0];
      case 'End': return [this.#blocks[this.#blocks.length - 1], this.#blocks[this.#blocks.length - 1].cells.length - 1];
      default: return null;
    }
  }

  /**
   * The first cell whose host's name begins with what was typed within a second.
   * @param {string} key
   * @returns {[Drawn, number] | null}
   */
  #named(key) {
    const now = performance.now();
    this.#typed = { text: (now - this.#typed.at < 1000 ? this.#typed.text : '') + key.toLowerCase(), at: now };
    for (const block of this.#blocks) {
      const i = block.cells.findIndex((cell) => cell.host.toLowerCase().startsWith(this.#typed.text));
      if (i >= 0) return [block, i];
    }
    return null;
  }
}

/**
 * Paints a cell. Its state is also to be told without colours: a critical cell has a dot, a silent one is empty with a line through it.
 * @param {CanvasRenderingContext2D} pen
 * @param {Cell} cell
 * @param {number} x
 * @param {number} y
 * @param {number} side
 * @param {Colours} c
 */
function paint(pen, { fill, state }, x, y, side, c) {
  if (state === 'silent') {
    pen.strokeStyle = c.bad;
    pen.lineWidth = side > 10 ? 1.5 : 1;
    pen.strokeRect(x + 0.75, y + 0.75, side - 1.5, side - 1.5);
    pen.beginPath();
    pen.moveTo(x + 0.75, y + side - 0.75);
    pen.lineTo(x + side - 0.75, y + 0.75);
    pen.stroke();
    return;
  }
  pen.fillStyle = fill;
  pen.beginPath();
  pen.roundRect(x, y, side, side, side > 10 ? 2.5 : 1);
  pen.fill();
  if (state !== 'bad' || side < 6) return;
  pen.fillStyle = c.surface;
  pen.beginPath();
  pen.arc(x + side / 2, y + side / 2, Math.max(1.2, side / 6), 0, 7);
  pen.fill();
}
