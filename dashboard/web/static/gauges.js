// Dials, one for each value.
/* global echarts */

/** @import { Chart, PanelData, Value } from '../types.js' */

import { Card } from './card.js';
import { el, level } from './dom.js';
import * as format from './format.js';
import { colours } from './theme.js';

/**
 * One dial. text is for screen readers, sub stands below.
 * @typedef {{ value: Value, chart: Chart, text: HTMLElement, sub: HTMLElement }} Dial
 */

export class Gauges extends Card {
  /** @type {Dial[]} */
  #dials = [];
  /** @type {ResizeObserver[]} */
  #observers = [];

  mount() {
    this.body.classList.add('gauges');
    for (const value of this.panel.values) {
      const box = el('div', { class: 'dial', 'aria-hidden': 'true' }), text = el('span', { class: 'sr' }), sub = el('p', { class: 'dial-sub' });
      this.body.append(el('div', { class: 'gauge' }, box, el('h3', {}, value.label, ' ', text), sub));
      const chart = echarts.init(box, null, { renderer: 'canvas' });
      const observer = new ResizeObserver(() => chart.resize());
      observer.observe(box);
      this.#observers.push(observer);
      this.#dials.push({ value, chart, text, sub });
    }
  }

  dispose() {
    this.#observers.forEach((o) => o.disconnect());
    this.#dials.forEach((d) => d.chart.dispose());
  }

  /** @param {PanelData} data */
  isEmpty(data) { return data.row(0).hosts === 0; }

  redraw() {
    if (!this.data) return;
    const c = colours(), row = this.data.row(0);
    for (const { value, chart, sub, text } of this.#dials) {
      const v = row[value.column], colour = { ok: c.accent, warn: c.warn, bad: c.bad }[level(v, value.thresholds)];
      text.textContent = format.value(v, value.unit);
      sub.replaceChildren();
      const host = value.host && row[value.host];
      if (host && row.hosts > 1) {
        sub.append(`highest ${format.value(row[value.high ?? ''], value.unit)} on `,
          el('button', { class: 'link', type: 'button', onclick: () => this.page.openHost(host) }, host));
      }
      chart.setOption({
        animation: false,
        series: [{
          type: 'gauge', startAngle: 205, endAngle: -25, min: 0, max: 100, radius: '98%', center: ['50%', '58%'],
          progress: { show: v !== null, width: 13, roundCap: true, itemStyle: { color: colour } },
          axisLine: { roundCap: true, lineStyle: { width: 13, color: [[1, c.line]] } },
          axisTick: { show: false }, splitLine: { show: false }, axisLabel: { show: false }, pointer: { show: false }, anchor: { show: false },
          detail: { valueAnimation: false, offsetCenter: [0, '-2%'], fontSize: 27, fontWeight: 680, color: colour === c.accent ? c.text : colour,
            formatter: () => format.value(v, value.unit) },
          data: [{ value: Math.min(100, v ?? 0) }],
        }],
      });
    }
  }
}
