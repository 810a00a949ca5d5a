package panels

// filters is what there is to choose from. It is not a page but what its lists are filled with.
func filters() Dashboard {
	return Dashboard{
		ID: "filters", Title: "Filters", Hidden: true,
		Question: "What is there to choose from?",
		Panels: []Panel{
			{
				ID: "filters-hosts", Title: "Hosts", Kind: Table, By: ByHost,
				Question: "Which hosts, environments and roles are there?",
				SQL: `SELECT ` + hostName + ` AS host, ` + envName + ` AS env, coalesce(node_role, '(none)') AS role, max(ts) AS last_ts
FROM samples
WHERE ` + inRange + `
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3`,
				Values: []Value{{Column: "last_ts", Label: "Last seen", Unit: Time}},
			},
			{
				ID: "filters-newest", Title: "Newest sample", Kind: Stat,
				Question: "How fresh is the lake?",
				SQL: `SELECT max(ts) AS last_ts
FROM samples
WHERE ` + inRange,
				Values: []Value{{Column: "last_ts", Label: "Newest sample", Unit: Time}},
			},
			{
				ID: "filters-tags", Title: "Tags", Kind: Table, By: ByTag, MaxSpanS: hourSeconds,
				Question: "Which tags did hosts have in the last hour of the range?",
				SQL: `WITH latest AS (
  SELECT ` + hostName + ` AS host, max_by(tags, CASE WHEN tags IS NOT NULL THEN ts END) AS tags
  FROM samples
  WHERE ` + inRange + `
  GROUP BY 1
)
SELECT u.tag, l.tags[u.tag] AS value, count(*) AS hosts
FROM latest l CROSS JOIN UNNEST(map_keys(l.tags)) AS u (tag)
GROUP BY 1, 2
ORDER BY 1, 2`,
				Values: []Value{{Column: "value", Label: "Value", Unit: Text}, {Column: "hosts", Label: "Hosts", Unit: Count}},
			},
		},
	}
}
