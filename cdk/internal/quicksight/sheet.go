package quicksight

// sheet is a page of visuals.
type sheet struct {
	id, title, description string
	metric                 bool // whether its viewer chooses a metric
	choices                DataSet
	visuals                []visual
}

// visual is one chart or table with its size.
type visual struct {
	id            string
	kind          string // name of the member in the API's union Visual
	title         string
	question      string // empty if the visual has no room for it
	width, height int    // in cells; a sheet is 36 wide
	configuration object
	// The data set, and the panel whose rows the visual shows. If panel is empty, it shows all rows.
	set, panel string
}

const (
	sheetWidth    = 36
	chartHeight   = 12
	numberHeight  = 6
	controlWidth  = 6
	controlHeight = 3
)

func (s sheet) definition() object {
	var visuals, controls []any
	var placed, above layout
	for _, v := range s.visuals {
		visuals = append(visuals, v.definition())
		placed.add(v.id, "VISUAL", v.width, v.height)
	}
	for _, c := range s.controls() {
		controls = append(controls, c.definition(s))
		above.add(c.id(s), "PARAMETER_CONTROL", controlWidth, controlHeight)
	}
	return object{
		"SheetId": s.id, "Name": s.title, "Title": s.title, "Description": s.description, "ContentType": "INTERACTIVE",
		"Visuals": visuals, "ParameterControls": controls,
		"Layouts":             []any{object{"Configuration": object{"GridLayout": object{"Elements": placed.elements}}}},
		"SheetControlLayouts": []any{object{"Configuration": object{"GridLayout": object{"Elements": above.elements}}}},
	}
}

// filters returns a filter for each visual of a panel. It keeps only the rows of that panel.
func (s sheet) filters() []any {
	var groups []any
	for _, v := range s.visuals {
		if v.panel == "" {
			continue
		}
		groups = append(groups, object{
			"FilterGroupId": v.id + "-rows", "CrossDataset": "SINGLE_DATASET", "Status": "ENABLED",
			"Filters": []any{object{"CategoryFilter": object{
				"FilterId": v.id + "-panel", "Column": object{"DataSetIdentifier": v.set, "ColumnName": ofPanel},
				"Configuration": object{"FilterListConfiguration": object{
					"MatchOperator": "CONTAINS", "CategoryValues": []any{v.panel},
				}},
			}}},
			"ScopeConfiguration": object{"SelectedSheets": object{"SheetVisualScopingConfigurations": []any{object{
				"SheetId": s.id, "Scope": "SELECTED_VISUALS", "VisualIds": []any{v.id},
			}}}},
		})
	}
	return groups
}

func (v visual) definition() object {
	label := func(text string) object {
		return object{"Visibility": "VISIBLE", "FormatText": object{"PlainText": text}}
	}
	body := object{"VisualId": v.id, "Title": label(v.title), "ChartConfiguration": v.configuration}
	if v.question != "" {
		body["Subtitle"] = label(v.question)
	}
	return object{v.kind: body}
}

// layout places elements in rows, from left to right.
type layout struct {
	elements []any
	x, y     int
	high     int // height of the current row
}

func (l *layout) add(id, kind string, width, height int) {
	if l.x+width > sheetWidth {
		l.x, l.y, l.high = 0, l.y+l.high, 0
	}
	l.elements = append(l.elements, object{
		"ElementId": id, "ElementType": kind,
		"ColumnIndex": l.x, "ColumnSpan": width, "RowIndex": l.y, "RowSpan": height,
	})
	l.x += width
	l.high = max(l.high, height)
}
