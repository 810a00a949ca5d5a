// Types for `make lint`: what the server answers, and what the modules of the page give each other. Browsers do not get this file.

import type * as ECharts from 'echarts';

declare global {
  /** index.html loads ECharts as a script. */
  const echarts: typeof ECharts;
}

export type Option = ECharts.EChartsCoreOption;
export type Chart = ECharts.EChartsType;

// --- The definitions: package panels says what each field means. ---

export interface Thresholds {
  warn: number;
  critical: number;
}

export interface Value {
  column: string;
  label: string;
  unit: string;
  low?: string;
  high?: string;
  below?: boolean;
  host?: string;
  unit_column?: string;
  thresholds?: Thresholds;
  sum?: string[];
  note?: string;
  fact?: boolean;
}

export interface Panel {
  id: string;
  title: string;
  question: string;
  kind: string;
  by?: string;
  across?: string;
  group?: string;
  values: Value[];
  empty?: string;
  width?: number;
  optional?: boolean;
  instead?: string;
  answer_of?: string;
}

export interface Dashboard {
  id: string;
  title: string;
  question: string;
  panels: Panel[];
  hidden?: boolean;
  no_page?: boolean;
  span_s?: number;
  metric?: boolean;
}

export interface Metric {
  column: string;
  label: string;
  unit: string;
}

export interface Definitions {
  dashboards: Dashboard[];
  metrics: Metric[];
  refresh_s: number;
  forget_s: number;
  rules: Rules['rules'];
  overrides: number;
  few_hosts: number;
  viewer: string;
  signed_in: boolean;
  now: number;
}

// --- The answers: package server says what each field means. ---

export interface Cost {
  scanned_bytes: number;
  usd: number;
  reused: boolean;
}

/** One row of an answer, by column. */
export type Row = Record<string, any>;

export interface PanelAnswer {
  panel: string;
  from: number;
  to: number;
  bucket_s: number;
  /** What the rows are of, such as 1m: absent if they are samples. */
  rollup?: '1m' | '1h' | '1d';
  /** The panel shows only so many seconds at the end of the range: absent if it shows all. */
  last_s?: number;
  /** The panel never shows the chosen range, but so many seconds up to its end: absent if it shows the range. */
  shown_s?: number;
  columns: { name: string; type: string }[];
  data: any[][];
  rows: number;
  warnings?: string[];
  cost?: Cost;
}

/** An answer with the functions that api.panel adds. */
export interface PanelData extends PanelAnswer {
  has(column: string): boolean;
  column(name: string | undefined): any[];
  row(i: number): Row;
  list(): Row[];
}

/** What a filter can be set to. */
export interface ChoicesAnswer {
  options: { value: string; note?: string }[];
  found: number;
  all: number;
}

export interface Status {
  now: number;
  newest: number | null;
  lag_s: number | null;
  delay_s: number;
  source: string;
  spent?: Cost;
}

// --- The page ---

export type Filter = 'host' | 'env' | 'role' | 'tag' | 'process';

/** What the viewer chose. A range such as '15m' ends now; without one, from and to are Unix seconds. */
export type State = { dashboard: string; metric: string; once: boolean; compare: Compare; kiosk: boolean; utc: boolean; map: string; pick: string[] } & Record<Filter, string> & TimeRange;
/** Which earlier time charts show too. */
export type Compare = '' | 'period' | 'day' | 'week';
export type TimeRange = { range: string; from: null; to: null } | { range: null; from: number; to: number };

/** What charts over time mark: a moment if until is null, or else a span. Times are Unix seconds. */
export interface Mark {
  host: string;
  t: number;
  until: number | null;
  mark: string;
  severity: number;
}

/** What there is to choose from. key says for which time range it was asked. */
export interface Choices {
  /** How many hosts there are. */
  hosts: number;
  /** The role and the environment of the host that is shown alone. */
  about: string;
  /** The names of the processes that panels have shown. */
  processes: Set<string>;
  key: string;
}

/** When a host has a problem, and how many changes of that an operator made. */
export interface Rules {
  rules: { name: string; sentence: string }[];
  overrides: number;
}

/** What a panel can ask of the page. */
export interface Page {
  metric(): Metric;
  forgetS: number;
  rules: Rules;
  /** How many hosts may each have a line in a chart. */
  fewHosts: number;
  /** What the viewer chose of the map of the fleet, as the address has it. */
  map: string;
  chooseMap(map: string): void;
  linkToHost(host: string): string;
  openHost(host: string, lastTs?: number): void;
  /** The name of the earlier time that charts show too; empty if they show none. */
  comparison(): string;
  filter(name: Filter, value: string): void;
  openTime(host: string | null, from: number, until: number): void;
  zoom(from: number, to: number): void;
  showSQL(panel: Panel): void;
  download(panel: Panel, form: 'csv' | 'json'): void;
}

/** Waits for one answer, then calls show with it, or fail with the message of the error. */
export type Into = <T>(answer: Promise<T>, show: (data: T) => void, fail?: (message: string) => void) => Promise<void>;

/** The colours of the style sheet that charts need. */
export interface Colours {
  text: string;
  muted: string;
  line: string;
  surface: string;
  accent: string;
  ok: string;
  warn: string;
  bad: string;
  mapOk: string;
  font: string;
  heat: string[];
}

/** A row of a tooltip: its first cell is a text, an element, or several of them. */
export type TipRow = [string | Node | (string | Node)[], ...string[]];
