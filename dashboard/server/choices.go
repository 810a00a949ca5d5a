package server

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// maxChoices bounds an answer: a fleet may have ten thousand hosts.
const maxChoices = 50

// choicesData is the answer to a search for what a filter can be set to.
type choicesData struct {
	Options []choice `json:"options"` // at most maxChoices of those found
	Found   int      `json:"found"`   // how many values the search finds
	All     int      `json:"all"`     // how many values there are
}

// choice is one value of a filter, with a note about it.
type choice struct {
	Value string `json:"value"`
	Note  string `json:"note,omitempty"`
}

// choosers are the panels that list what a filter can be set to.
var choosers = map[string]string{"host": "filters-hosts", "env": "filters-hosts", "role": "filters-hosts", "tag": "filters-tags"}

// choices answers with the values of a filter that have all words of the parameter search in their text or note.
func (s *server) choices(w http.ResponseWriter, r *http.Request) {
	q, ok := values(w, r)
	if !ok {
		return
	}
	of := r.PathValue("of")
	id, ok := choosers[of]
	if !ok {
		writeError(w, http.StatusNotFound, fmt.Sprintf("there is no filter %q: use host, env, role or tag", of))
		return
	}
	search := q.Get("search")
	if len(search) > maxTextLen || !utf8.ValidString(search) {
		writeError(w, http.StatusBadRequest, fmt.Sprintf("search must be UTF-8 of at most %d bytes", maxTextLen))
		return
	}
	q.Del("search")
	panel, params, ok := s.asked(w, r, id, q)
	if !ok {
		return
	}
	answer, ok := s.data(w, r, panel, params)
	if !ok {
		return
	}
	all := choicesOf(of, answer.result)
	if of == "host" && params.Env == "" && params.Role == "" && params.TagKey == "" && params.Host == "" {
		s.noteFleet(answer.result)
	}
	writeJSON(w, http.StatusOK, found(all, search))
}

// fleetSize returns how many hosts the last list of all hosts had. If there is no such list yet, fleetSize asks the engine for it. The page
// needs the list anyway, and the answer is kept. If the engine fails, the result is 0.
func (s *server) fleetSize(ctx context.Context, params panels.Params) int {
	if s.hosts.Load() == 0 {
		params.Host, params.Env, params.Role, params.TagKey, params.TagValue, params.Process, params.Picked = "", "", "", "", "", "", nil
		panel, _ := panels.Find(choosers["host"])
		if a, err := s.ask(ctx, panel, params); err == nil {
			s.noteFleet(a.result)
		}
	}
	return int(s.hosts.Load())
}

// noteFleet keeps how many hosts a list of all hosts has, but at least 1, so that fleetSize does not ask again. A host that changed its role
// has several rows.
func (s *server) noteFleet(list panels.Result) {
	hosts := map[any]bool{}
	if i := list.Index("host"); i >= 0 {
		for _, name := range list.Data[i] {
			hosts[name] = true
		}
	}
	s.hosts.Store(int64(max(1, len(hosts))))
}

// choicesOf lists the values of a filter in the answer of its panel, each once and in order. The note of a host says what it is, that
// of a tag how many hosts have it.
func choicesOf(of string, result panels.Result) []choice {
	text := func(column string, i int) string { return fmt.Sprint(result.Data[result.Index(column)][i]) }
	byValue := map[string]string{}
	for i := range result.Rows() {
		switch of {
		case "tag":
			note := text("hosts", i) + " hosts"
			if note == "1 hosts" {
				note = "1 host"
			}
			byValue[text("tag", i)+"="+text("value", i)] = note
		case "host":
			labels := slices.DeleteFunc([]string{text("role", i), text("env", i)}, func(s string) bool { return s == "(none)" })
			byValue[text("host", i)] = strings.Join(labels, " · ")
		default:
			byValue[text(of, i)] = ""
		}
	}
	all := make([]choice, 0, len(byValue))
	for value, note := range byValue {
		all = append(all, choice{value, note})
	}
	slices.SortFunc(all, func(a, b choice) int { return cmp.Compare(a.Value, b.Value) })
	return all
}

// found searches choices. Those that are the search text come first, then those that begin with it.
func found(all []choice, search string) choicesData {
	search = strings.ToLower(strings.TrimSpace(search))
	words := strings.Fields(search)
	rank := func(c choice) int {
		switch value := strings.ToLower(c.Value); {
		case value == search:
			return 0
		case strings.HasPrefix(value, search):
			return 1
		default:
			return 2
		}
	}
	fits := slices.DeleteFunc(slices.Clone(all), func(c choice) bool {
		text := strings.ToLower(c.Value + " " + c.Note)
		return slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
	})
	slices.SortStableFunc(fits, func(a, b choice) int { return cmp.Compare(rank(a), rank(b)) })
	return choicesData{Options: fits[:min(len(fits), maxChoices)], Found: len(fits), All: len(all)}
}
