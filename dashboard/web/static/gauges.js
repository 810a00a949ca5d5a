// The dials of the values of now.
/* global echarts */

import { Card } from './card.js';
import { el, level } from './dom.js';
import * as format from './format.js';
import { colours } from './theme.js';

export class Gauges extends Card {
  #dials = []; #observers = [];

  mount() {
    this.body.classList.add('gauges');
    for (const value of this.panel.values) {
      const dial = { value, box: el('div', { class: 'dial', 'aria-hidden': 'true' }), sub: el('p', { class: 'dial-sub' }) };
      dial.text = el('span', { class: 'sr' });
      this.body.append(el('div', { class: 'gauge' }, dial.box, el('h3', {}, value.label, ' ', dial.text), dial.sub));
      dial.chart = echarts.init(dial.box, null, { renderer: 'canvas' });
      const observer = new ResizeObserver(() => dial.chart.resize());
      observer.observe(dial.box);
      this.#observers.push(observer);
      this.#dials.push(dial);
    }
  }

  dispose() {
    this.#observers.forEach((o) => o.disconnect());
    this.#dials.forEach((d) => d.chart.dispose());
  }

  isEmpty(data) { return data.row(0).hosts === 0; }

  redraw() {
    if (!this.data) return;
    const c = colours(), row = this.data.row(0);
    for (const { value, chart, sub, text } of this.#dials) {
      const v = row[value.column], colour = { ok: c.accent, warn: c.warn, bad: c.bad }[level(v, value.thresholds)];
      text.textContent = format.value(v, value.unit);
      sub.replaceChildren();
      if (row[value.host] && row.hosts > 1) {
        sub.append(`highest ${format.value(row[value.high], value.unit)} on `,
          el('button', { class: 'link', type: 'button', onclick: () => this.page.openHost(row[value.host]) }, row[value.host]));
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
