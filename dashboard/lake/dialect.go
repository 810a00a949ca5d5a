package lake

// dialect gives DuckDB the functions that the panels' SQL knows under the names they have in Athena (Trino). There they
// are approximations; here they are exact.
const dialect = `CREATE OR REPLACE TEMP MACRO approx_percentile(x, p) AS quantile_cont(x, p)`
