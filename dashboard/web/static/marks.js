// Marks in charts over time: a vertical line for an event, a shaded span for a problem.

/** @import { Colours, Mark, Page, PanelData } from '../types.js' */

import * as format from './format.js';

// Events that are closer than this part of the time range become one line.
const nearest = 1 / 150;
// With more events than this, their lines are faint: they must not hide the values.
const many = 12;

/**
 * A series without points that carries the marks.
 * @param {Mark[]} marks
 * @param {PanelData} data
 * @param {Colours} c
 */
export function markSeries(marks, data, c) {
  const inRange = marks.filter((m) => (m.until ?? m.t) >= data.from && m.t <= data.to);
  const spans = inRange.filter((m) => m.until !== null);
  const events = clusters(inRange.filter((m) => m.until === null), (data.to - data.from) * nearest);
  return {
    id: 'marks', name: 'marks', type: 'line', data: [], z: 3,
    markLine: {
      symbol: 'none', animation: false, lineStyle: { color: c.muted, type: 'dashed', width: 1, opacity: events.length > many ? 0.2 : 0.8 },
      emphasis: { lineStyle: { width: 2, opacity: 1 }, label: { show: true } },
      label: { show: true, formatter: '↻', position: 'end', distance: -2, color: c.muted, fontSize: 12 },
      data: events.map((group) => ({ xAxis: group[0].t * 1000, name: label(group), marks: group })),
    },
    markArea: {
      silent: true,
      data: spans.map((m) => [{ xAxis: Math.max(m.t, data.from) * 1000, itemStyle: { color: m.severity > 1 ? c.bad : c.warn, opacity: 0.1 } },
        { xAxis: Math.min(m.until ?? m.t, data.to) * 1000 }]),
    },
  };
}

/**
 * Groups of events that are close to each other.
 * @param {Mark[]} events
 * @param {number} gap in seconds
 */
function clusters(events, gap) {
  /** @type {Mark[][]} */
  const groups = [];
  for (const m of [...events].sort((a, b) => a.t - b.t)) {
    const group = groups.at(-1);
    if (group && m.t - group[0].t <= gap) group.push(m); else groups.push([m]);
  }
  return groups;
}

/**
 * What happened, and on which hosts.
 * @param {Mark[]} group
 */
function label(group) {
  const hosts = new Set(group.map((m) => m.host)), names = [...new Set(group.map((m) => m.mark))].join(', ');
  return hosts.size > 2 ? `${names}: ${hosts.size} hosts` : `${names}: ${[...hosts].join(', ')}`;
}

/**
 * The marks at a time as texts.
 * @param {Mark[]} marks
 * @param {PanelData} data
 * @param {number} t
 */
export function marksAt(marks, data, t) {
  const near = Math.max(data.bucket_s, (data.to - data.from) * nearest);
  const events = marks.filter((m) => m.until === null && Math.abs(m.t - t) <= near);
  const spans = marks.filter((m) => m.until !== null && m.t <= t && t < m.until);
  return [...(events.length > 0 ? [`↻ ${label(events)}`] : []),
    ...spans.map((m) => `${m.mark} since ${format.shortMoment(m.t)}`)];
}

/**
 * Opens the time of a mark that was clicked, on the page of its host if it is of one host.
 * @param {any} event as ECharts describes the clicked part
 * @param {Page} page
 */
export function openMark(event, page) {
  /** @type {Mark[] | undefined} */
  const group = event.componentType === 'markLine' ? event.data?.marks : undefined;
  if (!group) return;
  const hosts = new Set(group.map((m) => m.host));
  page.openTime(hosts.size === 1 ? group[0].host : null, group[0].t, (group.at(-1) ?? group[0]).t);
}
