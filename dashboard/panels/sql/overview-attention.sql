{{- /* The problems that stand and are not routine: see the shared template "standing". culprit says what a problem comes from. */ -}}
WITH {{template "problems" args "all" false "newest" 0}}, {{template "standing" args "newest" 0}}, {{template "culprits"}}
SELECT f.host, node_role, env, problem, {{template "culprit"}} AS culprit, unit, value, since, unknown_since, severity, muted_until, mute_reason
FROM found f LEFT JOIN culprits c ON c.host = f.host
WHERE problem IS NOT NULL AND NOT routine
ORDER BY severity DESC, since DESC, f.host, problem
