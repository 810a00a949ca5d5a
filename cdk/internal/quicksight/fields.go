package quicksight

import "github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"

// fields makes the fields of one visual from the columns of a data set. The id of a field begins with the visual's id, because
// ids must be unique on the whole dashboard.
type fields struct {
	visual string
	set    DataSet
}

func (f fields) id(of string) string { return f.visual + "." + of }

// place returns the properties that every field has.
func (f fields) place(c Column) object {
	return object{"FieldId": f.id(c.of), "Column": c.identifier(f.set)}
}

// dimension is a field that rows are grouped by. A time keeps the bucket that the query put it into.
func (f fields) dimension(of string) object {
	c := f.set.column(of)
	field := f.place(c)
	if c.Type != "DATETIME" {
		return object{"CategoricalDimensionField": field}
	}
	field["DateGranularity"] = "SECOND"
	if of == string(panels.ByDay) {
		field["DateGranularity"] = "DAY"
	}
	return object{"DateDimensionField": field}
}

// measure is a field with a quantity. Each group has one row, so the average is the row's value.
func (f fields) measure(of string) object {
	field := f.number(of)
	field["AggregationFunction"] = object{"SimpleNumericalAggregation": "AVERAGE"}
	return object{"NumericalMeasureField": field}
}

// number is a formatted field with a quantity.
func (f fields) number(of string) object {
	c := f.set.column(of)
	field := f.place(c)
	field["FormatConfiguration"] = object{"FormatConfiguration": object{"NumberDisplayFormatConfiguration": format(c.unit)}}
	return field
}

// unaggregated is a column of a table.
func (f fields) unaggregated(c Column) object {
	if c.Type != "DECIMAL" {
		return f.place(c)
	}
	field := f.number(c.of)
	field["FormatConfiguration"] = object{"NumberFormatConfiguration": field["FormatConfiguration"]}
	return field
}

// sorted orders by a field.
func (f fields) sorted(of, direction string) []any {
	return []any{object{"FieldSort": object{"FieldId": f.id(of), "Direction": direction}}}
}

const (
	ascending  = "ASC"
	descending = "DESC"
)

// format shows a number in its unit.
func format(unit panels.Unit) object {
	with := func(decimals int, suffix string) object {
		f := object{"DecimalPlacesConfiguration": object{"DecimalPlaces": decimals}}
		if suffix != "" {
			f["Suffix"] = suffix
		}
		return f
	}
	switch unit {
	case panels.Percent, panels.PercentOfCore:
		return with(1, " %")
	case panels.Bytes:
		f := with(1, " B")
		f["NumberScale"] = "AUTO"
		return f
	case panels.BytesPerSecond:
		f := with(1, " B/s")
		f["NumberScale"] = "AUTO"
		return f
	case panels.PerSecond:
		return with(1, " /s")
	case panels.Count:
		return with(0, "")
	case panels.Seconds:
		return with(1, " s")
	case panels.Milliseconds:
		return with(1, " ms")
	case panels.BitsPerSecond:
		f := with(1, " bit/s")
		f["NumberScale"] = "AUTO"
		return f
	case panels.Duration:
		return with(1, " h")
	default: // of the chosen metric or of the row
		return with(2, "")
	}
}
