// Charts of hosts over time. Few hosts have a line each. Of more hosts they show the whole fleet: its median and its band with the worst
// and the picked hosts over it, or a heat map with a row for each host.

/** @import { Colours, Option, PanelData, Row, Value } from '../types.js' */

import { axisText, timeLabels, tip, tooltip } from './card.js';
import { dot } from './dom.js';
import * as format from './format.js';
import { byName } from './hosts.js';
import { styleOf } from './palette.js';
import { ramp } from './theme.js';
import { line, Lines, split, withGaps } from './time.js';

/** The name that rows about all hosts have. The server gives it. */
const median = '(median)';

/** The median and the band of the fleet, and lines over it. */
export class Fleet extends Lines {
  get comparable() { return !this.many; } // earlier bands would lie on those of now

  /** Whether the fleet is too large for a line for each host. */
  get many() { return this.data?.column('host').includes(median) ?? false; }

  /** @param {PanelData} data */
  note(data) {
    const hosts = data.column('hosts').at(-1) ?? 0;
    if (!data.column('host').includes(median)) return super.note(data);
    return hosts > 1 ? `${hosts.toLocaleString('en')} hosts` : '';
  }

  /** @param {PanelData} data */
  heights(data) {
    if (!this.many) return super.heights(data);
    return this.panel.values.flatMap((v) => [...data.column(v.column), ...data.column(v.high)]);
  }

  /**
   * @param {PanelData} data
   * @param {Colours} c
   * @returns {object[]}
   */
  lines(data, c) {
    const rowsOf = split(data, 'host'), whole = rowsOf.get(median);
    if (!whole) return super.lines(data, c);
    const hosts = [...rowsOf.keys()].filter((name) => name !== median);
    this.legend([[c.muted, 'median, 5–95 % of hosts'], ...hosts.map((name) => /** @type {[string, string]} */ ([styleOf(name).colour, format.middle(name, 28)]))]);
    const over = hosts.flatMap((name) => this.panel.values.map((v) => line(name, withGaps(data, rowsOf.get(name) ?? [], v.column, v.below), styleOf(name).colour, {
      line: { width: 1.4, type: styleOf(name).dash }, series: { z: 3, emphasis: { focus: 'series', lineStyle: { width: 2.6 } }, blur: { lineStyle: { opacity: 0.15 } } },
    })));
    return [...this.panel.values.flatMap((v) => this.#band(data, whole, v, c)), ...over];
  }

  /**
   * The median of a value, and the band around it.
   * @param {PanelData} data
   * @param {number[]} rows
   * @param {Value} v
   * @param {Colours} c
   */
  #band(data, rows, v, c) {
    const low = withGaps(data, rows, v.low, v.below), high = withGaps(data, rows, v.high, v.below);
    const [bottom, top] = v.below ? [high, low] : [low, high];
    const edge = { type: 'line', symbol: 'none', silent: true, stack: `band-${v.column}`, stackStrategy: 'all', lineStyle: { opacity: 0 }, itemStyle: { opacity: 0 }, z: 1 };
    return [
      { ...edge, name: `band ${v.column} from`, data: bottom },
      { ...edge, name: `band ${v.column} to`, areaStyle: { color: c.muted, opacity: 0.2 },
        data: top.map(([t, x], i) => { const from = bottom[i][1]; return [t, x === null || from === null ? null : x - from]; }) },
      line(`median ${v.column}`, withGaps(data, rows, v.column, v.below), c.muted, { line: { width: 1.8 }, series: { silent: true } }),
    ];
  }

  /** @param {number} t */
  tooltip(t) {
    if (!this.many) return super.tooltip(t);
    const values = this.panel.values, near = this.at(t), whole = near.find((row) => row.host === median);
    const hosts = near.filter((row) => row !== whole);
    /** @param {Row} row */
    const total = (row) => values.reduce((sum, v) => sum + (row[v.column] ?? 0), 0);
    hosts.sort((a, b) => total(b) - total(a));
    const rows = hosts.map((row) => /** @type {any} */ ([[dot(styleOf(row.host).colour), row.host], ...values.map((v) => format.value(row[v.column], v.unit))]));
    if (whole) {
      rows.push([[dot('gray'), 'median of the fleet'], ...values.map((v) => format.value(whole[v.column], v.unit))]);
      rows.push(['5 to 95 % of hosts', ...values.map((v) => `${format.value(whole[v.low ?? ''], v.unit)} – ${format.value(whole[v.high ?? ''], v.unit)}`)]);
    }
    return tip(format.moment(t), rows);
  }
}

/** The height of a row of the heat map in pixels. */
const rowHeight = 13;

/** Lines of few hosts, or a heat map of more. */
export class HostRows extends Lines {
  #shown = '';

  /**
   * Whether there are more hosts than may have a line each.
   * @param {PanelData | null} data
   */
  #many(data) { return (data?.column('hosts')[0] ?? 0) > this.page.fewHosts; }

  get comparable() { return !this.#many(this.data); } // a cell has one colour

  /** @param {PanelData} data */
  note(data) {
    const hosts = data.column('hosts')[0] ?? 0, shown = new Set(data.column('host')).size;
    return this.#many(data) ? `highest ${shown} of ${hosts.toLocaleString('en')} hosts` : super.note(data);
  }

  menuItems() { return []; } // colours have no logarithmic scale

  redraw() {
    if (!this.data) return;
    const shown = this.#many(this.data) ? 'heat' : 'lines';
    if (this.#shown !== shown) this.chart.clear(); // lines and cells have different axes
    this.#shown = shown;
    this.element.dataset.shown = shown;
    this.body.style.minHeight = '';
    if (shown === 'heat') this.rows(new Set(this.data.column('host')).size, rowHeight);
    super.redraw();
  }

  /**
   * @param {PanelData} data
   * @param {Colours} c
   * @returns {Option}
   */
  option(data, c) { return this.#many(data) ? this.#heat(data, c) : super.option(data, c); }

  /** The hosts from the top of the heat map: those with the highest mean come first. */
  hosts() {
    if (!this.data) return [];
    const values = this.data.column(this.panel.values[0].column);
    const means = [...split(this.data, 'host')].map(([host, rows]) => /** @type {const} */ ([host, rows.reduce((sum, i) => sum + (values[i] ?? 0), 0) / rows.length]));
    return means.sort((a, b) => b[1] - a[1] || byName(a[0], b[0])).map(([host]) => host);
  }

  /**
   * @param {PanelData} data
   * @param {Colours} c
   * @returns {Option}
   */
  #heat(data, c) {
    const [value] = this.panel.values, unit = this.unit(value), hosts = this.hosts(), y = new Map(hosts.map((host, i) => [host, i]));
    const values = data.column(value.column), times = data.column('t');
    // A host that sends less often than a bucket is long fills the buckets until its next sample.
    const first = Math.floor(data.from / data.bucket_s) * data.bucket_s, count = Math.ceil((data.to - first) / data.bucket_s);
    /** @type {[number, number, number][]} */
    const cells = [];
    for (const [host, rows] of split(data, 'host')) {
      rows.forEach((i, n) => {
        if (values[i] === null) return;
        const reach = Math.max(data.bucket_s, Math.min(times[rows[n + 1]] ?? data.to, times[i] + 3 * (data.column('interval_s')[i] ?? 3)) - times[i]);
        for (let t = times[i]; t < times[i] + reach && t < data.to; t += data.bucket_s) cells.push([Math.round((t - first) / data.bucket_s), y.get(host) ?? 0, values[i]]);
      });
    }
    this.legend([]);
    const high = value.thresholds?.critical ?? Math.max(1, ...values.map((v) => v ?? 0));
    const slots = Array.from({ length: count }, (_, i) => first + i * data.bucket_s);
    return {
      grid: { left: 16, right: 78, top: 6, bottom: 6, containLabel: true },
      xAxis: { type: 'category', data: slots.map(format.shortMoment), axisLine: { show: false }, axisTick: { show: false },
        axisLabel: { ...axisText(c), hideOverlap: true, ...timeLabels(slots) } },
      yAxis: { type: 'category', data: hosts, inverse: true, axisLine: { show: false }, axisTick: { show: false },
        axisLabel: { ...axisText(c), color: c.text, fontSize: 10, interval: 0, formatter: (/** @type {string} */ name) => format.middle(name, 20) } },
      visualMap: { type: 'continuous', min: 0, max: high, right: 2, top: 'middle', orient: 'vertical', itemWidth: 8, itemHeight: 130, calculable: false,
        textStyle: axisText(c), dimension: 2, text: [format.axisLabel(high, unit), format.axisLabel(0, unit)], inRange: { color: ramp(c, value.thresholds, 0, high) } },
      tooltip: tooltip(c, 'item', ({ value: [i, j, v] }) => tip(hosts[j], [[value.label, format.value(v, unit)]], format.moment(slots[i]))),
      series: [{ type: 'heatmap', data: cells, progressive: 0, cursor: 'pointer', itemStyle: { borderWidth: 0 }, emphasis: { itemStyle: { borderColor: c.text, borderWidth: 1 } } }],
    };
  }

  /** @param {any} e */
  clicked(e) {
    if (!this.#many(this.data)) super.clicked(e);
    else if (e.seriesType === 'heatmap') this.page.openHost(this.hosts()[e.value[1]]);
  }
}
