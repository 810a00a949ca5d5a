// What rows about hosts have in common: the order of names, labels, tags.

/** @import { Row } from '../types.js' */

const names = new Intl.Collator(undefined, { numeric: true });

/**
 * The order of names: web-2 comes before web-10.
 * @param {string} a
 * @param {string} b
 */
export const byName = (a, b) => names.compare(a, b);

/**
 * The role and the environment of a row's host.
 * @param {Row} row
 */
export const labelsOf = (row) => [row.node_role ?? row.role, row.env].filter((x) => x && x !== '(none)').join(' · ');

/**
 * The tags of a row: the query has them as lines of key=value.
 * @param {Row} row
 * @returns {[key: string, value: string][]}
 */
const tags = (row) => (row.tags ?? '').split('\n').filter(Boolean).map((/** @type {string} */ line) => {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
});

/**
 * The keys of all tags, in alphabetical order.
 * @param {Row[]} rows
 */
export const tagKeys = (rows) => [...new Set(rows.flatMap((row) => tags(row).map(([key]) => key)))].sort();

/**
 * @param {Row} row
 * @param {string} key
 * @returns {string | undefined}
 */
export const tagOf = (row, key) => tags(row).find(([k]) => k === key)?.[1];

const day = 86400;

/**
 * The hosts of the inventory that sent nothing for more than a day and that are not known already.
 * @param {Row[]} inventory are all hosts, with the times of their first and last samples
 * @param {Row[]} known are rows of hosts
 * @param {number} to is the time in Unix seconds until which the page looks
 */
export function longSilent(inventory, known, to) {
  const hosts = new Set(known.map((r) => r.host));
  return inventory.filter((r) => r.last_ts < to - day && !hosts.has(r.host));
}
