WITH latest AS (
  SELECT host, {{last "tags"}}
  FROM {{samples "host" "tags"}}
  GROUP BY host
)
SELECT u.tag, l.tags[u.tag] AS value, count(*) AS hosts
FROM latest l CROSS JOIN UNNEST(map_keys(l.tags)) AS u (tag)
GROUP BY 1, 2
ORDER BY 1, 2
