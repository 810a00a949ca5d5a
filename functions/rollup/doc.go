// Package rollup keeps the rollups of a deployed stack up to date: the tables of one row a minute, an hour and a day.
//
// A run lists the objects of samples of the last days, decides which periods are due ([panels.Rollup.Due]), lets Athena write the rows
// of each into a folder of its own, and points the period's partition in the Glue catalog at that folder. Queries read what the
// catalog points at. So a rollup appears whole, by one call, and what a failed run has written is never read. At the end a run removes
// old folders that nothing points at: see isLeft.
//
// It makes the rows of days from the rows of hours, because the samples of a day may be gone. A run looks at all days for them.
//
// A run may die at any moment. AWS may start it twice, also while another run goes on. The only state is in the catalog. Each partition says from
// how many objects its rollup was made, and when the newest was written. If the bucket has more objects for the period, or a newer one, the
// period is due again.
//
// The catalog is deleted with the stack, and the bucket stays. If a new stack takes over the bucket, a run for all days rolls up again what
// has samples. For a period whose samples are gone, it points a partition at a folder that is in the bucket: bestOf chooses it.
package rollup
